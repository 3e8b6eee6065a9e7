import { useCopied } from './use-copied.ts';

/** Copies a text that is not shown whole. */
export function CopyButton({ text, children }: { readonly text: () => string; readonly children: string }) {
  const { copied, copy } = useCopied(text);
  return (
    <button type="button" className="button" onClick={copy}>
      {copied ? 'Copied' : children}
    </button>
  );
}
