import { NOT_ASKED } from '@holdpoint/shared/domain/decision-record';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { CelProgram } from '../compile/cel.ts';
import { describeError, printable, type Scrub } from './printable.ts';

/**
 * Stands around each of the author's functions or CEL programs: told the policy's id, or `connector:tool` for a tool's own.
 * A watchdog notes both ends in shared memory, to know what never came back and to count nothing else against it.
 */
export interface UserCodeWatch {
  begins(subject: string): void;
  ends(): void;
  /** Whether its code is not to be asked now, for it did not come back lately. */
  silent?(subject: string): boolean;
}

/** Whose code is called, who watches it, and what must not be told of what it throws or answers. */
export interface UserCall {
  readonly subject: string;
  readonly watch: UserCodeWatch | undefined;
  readonly scrub: Scrub;
}

/** A policy's condition, ready to be asked. CEL cannot write, so only functions need frozen copies. */
export type Check =
  | { readonly kind: 'function'; readonly run: (action: PlannedAction, env: never) => unknown }
  | { readonly kind: 'cel'; readonly run: CelProgram };

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Runs an author's code; whatever it does comes back as data. Reading what it throws may run its code as well. */
export function answerOf(run: () => unknown, { subject, watch, scrub }: UserCall): Answer<unknown> {
  if (watch?.silent?.(subject)) return { ok: false, reason: NOT_ASKED };
  watch?.begins(subject);
  try {
    const value = run();
    return isPromise(value) ? { ok: false, reason: 'answered a promise; it must answer at once' } : { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `threw: ${describeError(error, scrub)}` };
  } finally {
    watch?.ends();
  }
}

export function booleanAnswer(run: () => unknown, call: UserCall): Answer<boolean> {
  const answer = answerOf(run, call);
  if (!answer.ok) return answer;
  if (typeof answer.value === 'boolean') return { ok: true, value: answer.value };
  return { ok: false, reason: `answered ${describeAnswer(answer.value, call.scrub)}, not true or false` };
}

export function describeAnswer(value: unknown, scrub: Scrub): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return printable(JSON.stringify(scrub(value)), 80);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : printable(scrub(String(value)), 80);
}

/**
 * A promise that nobody awaits would end the process when it rejects, so its rejection is taken here. Another thenable is let
 * be: asking it would run its code later, where nobody watches.
 */
function isPromise(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || typeof (value as { then?: unknown }).then !== 'function') {
    return false;
  }
  const ignore = () => undefined;
  if (value instanceof Promise) Promise.prototype.then.call(value, ignore, ignore);
  return true;
}
