import type { EntityDb } from '@holdpoint/shared/workspace/entity-db';
import type { AfterHookContext, HookContext } from '@holdpoint/shared/workspace/webhook-hook';
import { callHook, type Watch } from './call-hook.ts';
import type { Answer, HookTerms } from './protocol.ts';

/** What a hook's functions are run with. */
export interface Running {
  /** The hook's place in the call's list, for the marks. */
  watch(index: number): Watch;
  log(hook: string): HookContext['log'];
  /** For `after`, while its call runs. */
  readonly db: EntityDb;
}

export type Ran = Omit<Answer, 'id'>;

/** Runs one hook after what it is told of; whatever it answers is nobody's. */
export async function runAfter<Told>(
  hook: HookTerms & { after?(told: Told, ctx: AfterHookContext): unknown },
  told: Told,
  attempt: number,
  running: Running,
): Promise<Ran> {
  const { id, afterTimeoutMs } = hook;
  const log = running.log(id);
  const { db } = running;
  const called = await callHook(
    (signal) => hook.after?.(told, Object.freeze({ log, signal, attempt, db }) satisfies AfterHookContext),
    { timeoutMs: afterTimeoutMs, watch: running.watch(0) },
  );
  const { ms } = called;
  if (called.ok) return { runs: [{ hook: id, result: 'done', ms }], outcome: { kind: 'pass', annotations: {} } };
  const { result, reason } = called;
  return { runs: [{ hook: id, result, ms, reason }], outcome: { kind: 'failed', hook: id, reason } };
}
