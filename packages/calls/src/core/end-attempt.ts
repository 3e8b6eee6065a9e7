import type { Tool } from '@holdpoint/shared/domain/tool';
import type { CallEnd } from './call-end.ts';

/** What becomes of an action by an attempt. */
export type AttemptEnd =
  | { readonly to: 'applied'; readonly result: unknown }
  | { readonly to: 'failed' | 'indeterminate'; readonly error: string }
  | { readonly to: 'queued'; readonly error: string; readonly retry_in_ms: number; readonly unsure: boolean };

/** What is to be recorded of an attempt. */
export type RecordedEnd = AttemptEnd & {
  /** Which one: an answer that comes too late is kept under its number. */
  readonly attempt?: number;
  /** Of its receipt, where it is no plain outcome. */
  readonly kind?: 'settlement';
  /** Indeterminate, it blocks nothing. */
  readonly leaves_lane?: boolean;
};

export const ATTEMPTS_MAX = 5;
/** Attempts beyond a tool's tries in which it may be asked whether an earlier one happened. */
export const ASKS_MAX = 5;
const DELAY_MIN_MS = 500;
const DELAY_MAX_MS = 60_000;

export interface AttemptFacts {
  readonly tool: Pick<Tool, 'risk' | 'idempotent' | 'retry'>;
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** An earlier attempt may have happened. */
  readonly unsure: boolean;
  /** When it can be asked whether an attempt happened; undefined: it cannot, or its tool may simply be called again. */
  readonly askInMs?: number | undefined;
  /** In [0, 1). */
  readonly random: number;
}

/** From how a call ended to what becomes of the action. Semantics §3, At most once. */
export function endAttempt(end: CallEnd, facts: AttemptFacts): AttemptEnd {
  const { tool, attempts, unsure } = facts;
  const exhausted = attempts >= triesOf(tool);
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
      return afterUnknown(end.message, facts, delayMs(facts));
    default:
      return end satisfies never;
  }
}

/** It may have happened: run again or asked, where its tool may be; else a person is to say. */
export function afterUnknown(
  error: string,
  { tool, attempts, askInMs }: Pick<AttemptFacts, 'tool' | 'attempts' | 'askInMs'>,
  retryInMs: number,
): AttemptEnd {
  if (tool.idempotent && attempts < triesOf(tool)) return { to: 'queued', error, retry_in_ms: retryInMs, unsure: true };
  if (!tool.idempotent && askInMs !== undefined && attempts < triesOf(tool) + ASKS_MAX) {
    return { to: 'queued', error, retry_in_ms: askInMs, unsure: true };
  }
  return { to: 'indeterminate', error };
}

export const triesOf = ({ retry }: Pick<Tool, 'retry'>): number => retry?.attempts ?? ATTEMPTS_MAX;

/** Exponential with full jitter; never before the time that the other side asked for. */
export function delayMs({ tool, attempts, random }: AttemptFacts, retryAfterMs = 0): number {
  const { minDelayMs = DELAY_MIN_MS, maxDelayMs = DELAY_MAX_MS } = tool.retry ?? {};
  const most = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(retryAfterMs + random * most);
}
