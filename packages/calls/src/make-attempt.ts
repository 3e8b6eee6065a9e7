import type { Tool } from '@holdpoint/shared/domain/tool';
import { afterAsking } from './core/asked.ts';
import type { CallEnd } from './core/call-end.ts';
import { type AttemptEnd, type AttemptFacts, delayMs, endAttempt } from './core/end-attempt.ts';

export interface Attempt {
  /** Undefined: it is declared no more. */
  readonly tool: Tool | undefined;
  /** Its connector can say whether an attempt happened. */
  readonly asks: boolean;
  readonly facts: AttemptFacts;
  call(part: 'run' | 'reconcile'): Promise<CallEnd>;
  /** Whether what may have happened, and has not, may be run after all. */
  mayStillRun(): Promise<'now' | 'not now' | 'unknown'>;
}

export interface MadeAttempt {
  readonly end: AttemptEnd;
  /** It was found out what became of an earlier attempt. */
  readonly settles?: boolean;
}

/**
 * One attempt of a claimed action. Asks first, where an earlier one may have happened and the tool may not simply be called
 * again. Semantics §3, At most once.
 */
export async function makeAttempt({ tool, asks, facts, call, mayStillRun }: Attempt): Promise<MadeAttempt> {
  if (!tool || !facts.unsure || tool.risk === 'read' || tool.idempotent) {
    return { end: endAttempt(await call('run'), facts) };
  }
  if (!asks)
    return { end: { to: 'indeterminate', error: 'it may have happened, and its tool cannot be asked any more' } };
  const asked = afterAsking(await call('reconcile'), facts);
  if ('end' in asked) return asked;
  const may = await mayStillRun();
  if (may === 'not now') {
    const error = 'asked, it had not happened; whether it still may is looked at again';
    return { end: { to: 'queued', error, retry_in_ms: 0, unsure: false }, settles: true };
  }
  if (may === 'unknown') {
    const error = 'asked, it had not happened; whether it still may could not be read';
    return { end: { to: 'queued', error, retry_in_ms: delayMs(facts), unsure: true } };
  }
  return { end: endAttempt(await call('run'), { ...facts, unsure: false }) };
}
