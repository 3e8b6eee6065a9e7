import { type Cell, cellsOf } from './cells.ts';
import type { Atom } from './conditions.ts';
import type { DiffClass, OperatorGroup } from './diff-classes.ts';
import { ALLOWED, BLOCKED, type Direction, directionOf, type Effect } from './effect.ts';
import type { LookBudget } from './look-budget.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { closed, decided, type Scenario } from './scenario.ts';
import { byOperator } from './tool-classes.ts';

/** Actions of one cell that are decided otherwise, in one scenario. */
export interface Difference {
  readonly own: DiffClass;
  readonly group: OperatorGroup;
  readonly cell: Cell;
  readonly direction: Direction;
  readonly before: Effect;
  readonly after: Effect;
  readonly scenario: Scenario;
}

/** So many conditions are gone through in every combination; of more, the combinations that can differ first. */
const ALL_COMBINATIONS_MAX = 4;

/** Every cell of a class in which the two sets differ, in each way in which they do. */
export function* differencesIn(
  own: DiffClass,
  changed: ReadonlySet<PolicyFacts>,
  nowMs: number,
  budget: LookBudget,
): Generator<Difference, void> {
  const of = own.candidates.map(byOperator);
  const sameTools = own.risks[0] === own.risks[1];
  const touched = own.candidates.some((list) => list.some((facts) => changed.has(facts)));
  for (const group of own.groups) {
    const alike = sameTools && group.granted[0] === group.granted[1];
    if (alike && !touched) continue;
    const fixed = [0, 1].map((side) => fixedEffect(own, group, side));
    const lists = of.map((candidatesOf, side) => (fixed[side] ? [] : candidatesOf(group)));
    for (const cell of cellsOf(lists, nowMs, budget)) {
      if (alike && !cell.matching.some((list) => list.some((facts) => changed.has(facts)))) continue;
      yield* differencesAt(own, group, cell, fixed, budget);
    }
  }
}

/** What is decided before any policy is asked. */
function fixedEffect({ risks }: DiffClass, { granted }: OperatorGroup, side: number): Effect | undefined {
  if (risks[side] === undefined || !granted[side]) return BLOCKED;
  return risks[side] === 'read' ? ALLOWED : undefined;
}

function* differencesAt(
  own: DiffClass,
  group: OperatorGroup,
  cell: Cell,
  fixed: readonly (Effect | undefined)[],
  budget: LookBudget,
): Generator<Difference, void> {
  const found = new Set<string>();
  const effectIn = (side: number, scenario: Scenario): Effect =>
    fixed[side] ?? decided(cell.matching[side] ?? [], cell.value, scenario) ?? BLOCKED;
  for (const scenario of scenariosOf(cell.matching)) {
    if (!budget.spend(1 + cell.matching.reduce((sum, list) => sum + list.length, 0))) return;
    const [before, after] = [effectIn(0, scenario), effectIn(1, scenario)];
    const direction = directionOf(before, after);
    if (direction === undefined) continue;
    const key = `${direction} ${before.decision} ${after.decision}`;
    if (found.has(key)) continue;
    found.add(key);
    yield { own, group, cell, direction, before, after, scenario };
  }
}

/**
 * What conditions may answer, the fewest true first. Where two sets differ in some scenario, they differ the same way in one
 * that makes no more than two policies match beside those that always do, with the predicates of one set, both or none held:
 * one policy that lets pass, and one that is in the way.
 */
function* scenariosOf(matching: readonly (readonly PolicyFacts[])[]): Generator<Scenario, void> {
  const all = matching.flat();
  const atoms = [...new Set(all.flatMap(({ when, predicate }) => [when ?? [], predicate ?? []].flat()))];
  if (atoms.length <= ALL_COMBINATIONS_MAX) {
    yield* combinations(atoms);
    return;
  }
  const seeds = [...new Set(all.flatMap(({ when }) => when ?? []))];
  const seen = new Set<string>();
  for (const pair of pairsOf(seeds)) {
    for (const held of [[], matching[0] ?? [], matching[1] ?? [], all]) {
      const scenario = closed(held, pair);
      const key = [...scenario].sort((a, b) => a - b).join(' ');
      if (seen.has(key)) continue;
      seen.add(key);
      yield scenario;
    }
  }
}

function* combinations(atoms: readonly Atom[]): Generator<Scenario, void> {
  const sets = Array.from({ length: 2 ** atoms.length }, (_, bits) => atoms.filter((_, place) => (bits >> place) & 1));
  for (const set of sets.sort((a, b) => a.length - b.length)) yield new Set(set);
}

function* pairsOf(seeds: readonly Atom[]): Generator<Atom[], void> {
  yield [];
  for (const seed of seeds) yield [seed];
  for (const [index, seed] of seeds.entries()) for (const other of seeds.slice(index + 1)) yield [seed, other];
}
