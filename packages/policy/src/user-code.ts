import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { CelProgram } from './cel.ts';
import { describeError, printable } from './printable.ts';

/**
 * Called just before each of the author's functions or CEL programs, with the policy's id, or with `connector:tool` before
 * a tool's own. A watchdog notes it in shared memory, to know what never came back.
 */
export type Mark = (subject: string) => void;

/** A policy's condition, ready to be asked. CEL cannot write, so only functions need frozen copies. */
export type Check =
  | { readonly kind: 'function'; readonly run: (action: PlannedAction, env: never) => unknown }
  | { readonly kind: 'cel'; readonly run: CelProgram };

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Runs an author's code; whatever it does comes back as data. */
export function answerOf(run: () => unknown): Answer<unknown> {
  try {
    const value = run();
    return isPromise(value) ? { ok: false, reason: 'answered a promise; it must answer at once' } : { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `threw: ${describeError(error)}` };
  }
}

export function booleanAnswer(run: () => unknown): Answer<boolean> {
  const answer = answerOf(run);
  if (!answer.ok) return answer;
  if (typeof answer.value === 'boolean') return { ok: true, value: answer.value };
  return { ok: false, reason: `answered ${describeAnswer(answer.value)}, not true or false` };
}

export function describeAnswer(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return printable(JSON.stringify(value), 80);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : printable(String(value), 80);
}

/** A promise that nobody awaits would end the process when it rejects, so its rejection is taken here. */
function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof (value as { then?: unknown }).then !== 'function') {
    return false;
  }
  const ignore = () => undefined;
  Promise.resolve(value).then(ignore, ignore);
  return true;
}
