/**
 * What a failed call proves. `retry`: it did not happen. `refused`: it did not and never will. `unknown`: it may have.
 */
export type Failure =
  | { readonly kind: 'retry'; readonly message: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/**
 * Goes by the error's `name`, so that a workspace that imports nothing can say it too. Anything else that was thrown says
 * nothing about what happened, unless the request provably never left (`notSent`).
 */
export function classifyFailure(error: unknown, { notSent }: { readonly notSent: boolean }): Failure {
  const message = messageOf(error);
  switch (nameOf(error)) {
    case 'Terminal':
      return { kind: 'refused', message };
    case 'Retryable':
      return { kind: 'retry', message };
    case 'RateLimited':
      return { kind: 'retry', message, ...retryAfter(error) };
    default:
      return { kind: notSent ? 'retry' : 'unknown', message };
  }
}

const RETRY_AFTER_MAX_MS = 24 * 3600_000;

function retryAfter(error: unknown): { retryAfterMs: number } {
  const { retryAfterMs, retryAfterSeconds, retryAfter } = error as Record<string, unknown>;
  const seconds = retryAfterSeconds ?? retryAfter;
  const ms =
    typeof retryAfterMs === 'number' ? retryAfterMs : typeof seconds === 'number' ? seconds * 1000 : Number.NaN;
  // Without a time too: it answered, and that tells it from a call that failed.
  return { retryAfterMs: ms >= 0 ? Math.min(Math.ceil(ms), RETRY_AFTER_MAX_MS) : 0 };
}

function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `threw ${String(error)}`;
  const own = 'message' in error && typeof error.message === 'string' ? error.message : '';
  const cause = 'cause' in error ? causeText(error.cause) : '';
  const text = [own || String(nameOf(error) ?? 'failed without a message'), cause].filter(Boolean).join(': ');
  return text;
}

/** `fetch failed` alone helps nobody: what it failed of stands in its cause. */
function causeText(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  const { message, code } = cause as { message?: unknown; code?: unknown };
  return typeof message === 'string' && message ? message : typeof code === 'string' ? code : '';
}
