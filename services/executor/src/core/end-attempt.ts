import type { Tool } from '@holdpoint/shared/domain/tool';
import type { Failure } from './classify-failure.ts';

/** How a call ended, as far as this process can tell. */
export type CallEnd =
  | { readonly kind: 'answered'; readonly result: unknown }
  /** The lease was gone before anything was sent. */
  | { readonly kind: 'not_sent'; readonly message: string }
  | Failure;

/** What is to be recorded of an attempt. */
export type AttemptEnd =
  | { readonly to: 'applied'; readonly result: unknown }
  | { readonly to: 'failed' | 'indeterminate'; readonly error: string }
  | { readonly to: 'queued'; readonly error: string; readonly retry_in_ms: number; readonly unsure: boolean };

export const ATTEMPTS_MAX = 5;
const DELAY_MIN_MS = 500;
const DELAY_MAX_MS = 60_000;

export interface AttemptFacts {
  readonly tool: Pick<Tool, 'risk' | 'idempotent' | 'retry'>;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** An earlier attempt may have happened. */
  readonly unsure: boolean;
  /** In [0, 1). */
  readonly random: number;
}

/** From how a call ended to what becomes of the action. Semantics §3, At most once. */
export function endAttempt(end: CallEnd, facts: AttemptFacts): AttemptEnd {
  const { tool, attempts, unsure } = facts;
  const exhausted = attempts >= (tool.retry?.attempts ?? ATTEMPTS_MAX);
  switch (end.kind) {
    case 'answered':
      return { to: 'applied', result: end.result };
    case 'not_sent':
      return { to: 'queued', error: end.message, retry_in_ms: 0, unsure };
    // An earlier attempt that may have happened is not undone by a later one that did not.
    case 'refused':
      return { to: unsure ? 'indeterminate' : 'failed', error: end.message };
    case 'retry':
      if (exhausted) return { to: unsure ? 'indeterminate' : 'failed', error: end.message };
      return { to: 'queued', error: end.message, retry_in_ms: delayMs(facts, end.retryAfterMs), unsure };
    case 'unknown':
      if (tool.risk === 'read') {
        if (exhausted) return { to: 'failed', error: end.message };
        return { to: 'queued', error: end.message, retry_in_ms: delayMs(facts), unsure: false };
      }
      if (!tool.idempotent || exhausted) return { to: 'indeterminate', error: end.message };
      return { to: 'queued', error: end.message, retry_in_ms: delayMs(facts), unsure: true };
    default:
      return end satisfies never;
  }
}

/** Exponential with full jitter; never before the time that the other side asked for. */
function delayMs({ tool, attempts, random }: AttemptFacts, retryAfterMs = 0): number {
  const { minDelayMs = DELAY_MIN_MS, maxDelayMs = DELAY_MAX_MS } = tool.retry ?? {};
  const most = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(retryAfterMs + random * most);
}
