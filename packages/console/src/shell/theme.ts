import { useState } from 'react';

const KEPT = 'holdpoint:theme';
const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

function kept(): Theme {
  const found = window.localStorage.getItem(KEPT);
  return THEMES.find((theme) => theme === found) ?? 'system';
}

/** Before anything is drawn. */
export function applyTheme(theme: Theme = kept()): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The theme, and how to go on to the next. */
export function useTheme(): { readonly theme: Theme; readonly next: Theme; change(): void } {
  const [theme, setTheme] = useState(kept);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  return {
    theme,
    next,
    change() {
      window.localStorage.setItem(KEPT, next);
      applyTheme(next);
      setTheme(next);
    },
  };
}
