import { useEffect, useRef } from 'react';

/** By key, as the browser names it. Answering false leaves the key to others. */
export type KeyActions = Readonly<Record<string, (() => unknown) | undefined>>;

const OFF = 'holdpoint:keys-off';

/** Single letters stand in the way of some: whoever speaks to their machine, for one. */
export function keysAreOn(): boolean {
  return window.localStorage.getItem(OFF) === null;
}

export function turnKeys(on: boolean): void {
  if (on) window.localStorage.removeItem(OFF);
  else window.localStorage.setItem(OFF, '1');
}

/** Listens while it is shown. Not while something is typed, nor over a dialog that is open. `first`: before all others. */
export function useKeys(actions: KeyActions, { first = false }: { readonly first?: boolean } = {}): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !keysAreOn()) return;
      if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
      const action = latest.current[event.key];
      if (action === undefined || action() === false) return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press, first);
    return () => document.removeEventListener('keydown', press, first);
  }, [first]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
    ? !(target instanceof HTMLInputElement && target.type === 'checkbox')
    : false;
}
