import type { CalledAction } from '@holdpoint/calls/call-connector';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import type { AttemptEnd } from '@holdpoint/calls/core/end-attempt';
import { settleDead } from '@holdpoint/calls/core/settlement';
import { makeAttempt } from '@holdpoint/calls/make-attempt';
import type { Subject } from './subject.ts';
import type { Trial } from './trial.ts';

/** More than any tool's tries and questions together. */
const ATTEMPTS_MAX = 250;

export interface Carried {
  readonly to: 'applied' | 'failed' | 'indeterminate';
  /** Why it is not applied. */
  readonly error?: string;
  /** How its first call ended; undefined: its worker died. */
  readonly first?: CallEnd;
  /** The connector was asked, and said that it does not know. */
  readonly saidUnknown: boolean;
}

/** How an action lives on from its first call to its outcome, as the executor would have it, but that nobody waits. */
export async function carryOn(
  subject: Subject,
  trial: Trial,
  action: CalledAction,
  how: { readonly timeoutMs?: number; readonly workerDied?: boolean } = {},
): Promise<Carried> {
  const { tool, repeats } = subject;
  const asks = repeats === 'asked';
  let first: CallEnd | undefined;
  let saidUnknown = false;

  async function call(part: 'run' | 'reconcile', attempts: number): Promise<CallEnd> {
    const timeoutMs = attempts === 1 ? how.timeoutMs : undefined;
    const end = await trial.call({ ...action, attempts }, { part, ...(timeoutMs !== undefined && { timeoutMs }) });
    if (attempts === 1) first = end;
    saidUnknown ||= part === 'reconcile' && end.kind === 'answered' && end.result === 'unknown';
    return end;
  }

  async function attempt(attempts: number, unsure: boolean): Promise<AttemptEnd> {
    if (how.workerDied && attempts === 1) return settleDead(tool, attempts, asks ? 0 : undefined);
    const { end } = await makeAttempt({
      tool,
      asks,
      facts: { tool, attempts, unsure, askInMs: asks ? 0 : undefined, random: 0 },
      call: (part) => call(part, attempts),
      mayStillRun: async () => 'now',
    });
    return end;
  }

  let unsure = false;
  for (let attempts = 1; attempts <= ATTEMPTS_MAX; attempts += 1) {
    const end = await attempt(attempts, unsure);
    if (end.to !== 'queued') {
      return { to: end.to, saidUnknown, ...(first && { first }), ...('error' in end && { error: end.error }) };
    }
    unsure = end.unsure;
  }
  throw new Error(`still tried after ${ATTEMPTS_MAX} attempts`);
}
