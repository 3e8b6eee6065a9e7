import { useEffect, useState } from 'react';

const TOLD_MS = 1_500;

/** Copies a text, and says so for a moment. Without https there is no clipboard: what is shown can still be selected. */
export function useCopied(text: () => string): { readonly copied: boolean; readonly copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), TOLD_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    navigator.clipboard?.writeText(text()).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return { copied, copy };
}
