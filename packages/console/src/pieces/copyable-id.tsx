import { useCopied } from './use-copied.ts';

const SHOWN_CHARS = 8;

/** An id, its end only, and a button that copies all of it; `whole` shows all. */
export function CopyableId({
  id,
  name = 'id',
  whole = false,
}: {
  readonly id: string;
  readonly name?: string;
  readonly whole?: boolean;
}) {
  const { copied, copy } = useCopied(() => id);
  const shown = whole || id.length <= SHOWN_CHARS + 1 ? id : `…${id.slice(-SHOWN_CHARS)}`;
  return (
    <button
      type="button"
      className="copyable mono"
      title={id}
      onClick={copy}
      aria-label={copied ? `${name} copied` : `Copy ${name} ${shown}`}
    >
      {copied ? 'copied' : shown}
    </button>
  );
}
