import type { Call, Facts, HookSummary, Outcome, Phase, Run } from './protocol.ts';

/** What is asked of a lane. */
export interface Ask {
  /** In the order in which they are asked; not empty. */
  readonly hooks: readonly HookSummary[];
  readonly facts: Facts;
  /** Null where it is too large to be parsed. */
  readonly body: Uint8Array | null;
  readonly attempt: number;
  /** Counts from the asking, and holds for all hooks together. */
  readonly answerMaxMs: number;
}

export interface Entry extends Ask {
  readonly id: number;
  readonly askedAt: number;
  /** Hooks that did not come back for it and need not have: they are not asked again. */
  readonly passedOver: Set<string>;
  /** Questions to `ctx.db`. */
  questions: number;
  /** Threads that ended while it was in hand, for what another call did. */
  losses: number;
  /** It may be what ended a thread: asked by itself, that shows. */
  alone: boolean;
  resolve(outcome: Outcome): void;
}

export function toCall(entry: Entry): Call {
  const { id, facts, body, attempt } = entry;
  // A copy of exactly its bytes, handed over whole: a piece of a pool would take its neighbours along.
  return { id, hooks: hooksLeft(entry).map((hook) => hook.id), facts, body: body && new Uint8Array(body), attempt };
}

export function hooksLeft({ hooks, passedOver }: Entry): HookSummary[] {
  return hooks.filter(({ id }) => !passedOver.has(id));
}

export interface Ending {
  readonly runs: readonly Run[];
  readonly outcome: Outcome;
}

/** No answer is no permission: unless every hook that is left may be passed over, what it is about waits. */
export function unanswered(entry: Entry, phase: Phase, reason: string, unasked: boolean): Ending {
  const left = hooksLeft(entry);
  const needed = left.find(({ critical }) => critical || phase === 'after');
  return {
    runs: left.map(({ id }) => ({ hook: id, result: 'unanswered', reason })),
    outcome: needed ? { kind: 'failed', hook: needed.id, reason, unasked } : PASSED,
  };
}

/** The call's hook never came back. Where it may be passed over and others are left, there is no outcome yet. */
export function stuck(entry: Entry, phase: Phase, hook: HookSummary, reason: string): Ending | Run {
  const run: Run = { hook: hook.id, result: 'stuck', reason };
  if (hook.critical || phase === 'after') return { runs: [run], outcome: { kind: 'failed', hook: hook.id, reason } };
  entry.passedOver.add(hook.id);
  return hooksLeft(entry).length === 0 ? { runs: [run], outcome: PASSED } : run;
}

const PASSED: Outcome = { kind: 'pass', annotations: {} };
