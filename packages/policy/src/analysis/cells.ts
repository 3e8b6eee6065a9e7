import type { LookBudget } from './look-budget.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { rangesBetween, sampleOf, type ValueRange } from './value-range.ts';

/** Actions of one tool and operator between which no selector and no cap tells. */
export interface Cell {
  readonly range: ValueRange;
  /** An amount of the range. */
  readonly value: number;
  /** Epoch milliseconds; the end is left out, undefined: for ever. */
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  /** For each list of policies, those whose selectors match here. */
  readonly matching: readonly (readonly PolicyFacts[])[];
}

/** Splits all amounts and all times from `nowMs` on, by what the policies tell apart. Ends early where the budget does. */
export function* cellsOf(
  lists: readonly (readonly PolicyFacts[])[],
  nowMs: number,
  budget: LookBudget,
): Generator<Cell, void> {
  for (const [fromMs, untilMs] of timesOf(lists, nowMs)) {
    const alive = lists.map((list) => list.filter(({ compiled }) => livesAt(compiled.expiresAtMs, fromMs)));
    const ranges = rangesBetween(alive.flatMap((list) => list.flatMap(thresholdsOf)));
    for (const range of ranges) {
      if (!budget.spend(1 + alive.reduce((sum, list) => sum + list.length, 0))) return;
      const value = sampleOf(range);
      const matching = alive.map((list) => list.filter((facts) => appliesTo(facts, value)));
      yield { range, value, fromMs, untilMs, matching };
    }
  }
}

function timesOf(lists: readonly (readonly PolicyFacts[])[], nowMs: number): [number, number | undefined][] {
  const ends = lists.flatMap((list) => list.flatMap(({ compiled }) => compiled.expiresAtMs ?? []));
  const future = [...new Set(ends.filter((end) => end > nowMs))].sort((a, b) => a - b);
  return [nowMs, ...future].map((from, index) => [from, future[index]]);
}

const livesAt = (expiresAtMs: number | undefined, atMs: number): boolean =>
  expiresAtMs === undefined || atMs < expiresAtMs;

function thresholdsOf({ compiled }: PolicyFacts): number[] {
  const { appliesUpTo, appliesAbove, maxValue } = compiled.policy;
  return [appliesUpTo, appliesAbove, maxValue].filter((one) => one !== undefined);
}

function appliesTo({ compiled }: PolicyFacts, value: number): boolean {
  const { appliesUpTo, appliesAbove } = compiled.policy;
  return (appliesUpTo === undefined || value <= appliesUpTo) && (appliesAbove === undefined || value > appliesAbove);
}
