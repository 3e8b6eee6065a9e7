import type { Atom } from './conditions.ts';
import { BLOCKED, type Effect, joinEffects } from './effect.ts';
import { exceeds, isVeto, type PolicyFacts } from './policy-facts.ts';

/** The conditions that are true; all others are false. */
export type Scenario = ReadonlySet<Atom>;

/** What is decided by policies whose selectors match, in one scenario; null: none of them matches. */
export function decided(matching: readonly PolicyFacts[], value: number, scenario: Scenario): Effect | null {
  let effect: Effect | null = null;
  for (const facts of matching) {
    if (facts.when !== undefined && !scenario.has(facts.when)) continue;
    const own = ownEffect(facts, value, scenario);
    effect = effect === null ? own : joinEffects(effect, own);
    if (effect === BLOCKED) return BLOCKED;
  }
  return effect;
}

/**
 * The least that must be true so that no predicate of what matches is in the way. Conditions only ever add policies, and every
 * policy that matches makes a decision stricter: so what cannot be had in the least scenario cannot be had in any.
 */
export function closed(matching: readonly PolicyFacts[], seeds: Iterable<Atom>): Scenario {
  const scenario = new Set(seeds);
  for (let before = -1; before !== scenario.size; ) {
    before = scenario.size;
    for (const { when, predicate } of matching) {
      if (predicate !== undefined && (when === undefined || scenario.has(when))) scenario.add(predicate);
    }
  }
  return scenario;
}

/** A scenario in which these permit, or undefined: whatever conditions answer, they block. */
export function permitted(matching: readonly PolicyFacts[], value: number): Scenario | undefined {
  for (const scenario of permittingScenarios(matching, value, [])) return scenario;
  return undefined;
}

/** Every scenario in which these permit has one of these scenarios within it; all of them hold the seeds. */
export function* permittingScenarios(
  matching: readonly PolicyFacts[],
  value: number,
  seeds: readonly Atom[],
): Generator<Scenario, void> {
  const least = closed(matching, seeds);
  const effect = decided(matching, value, least);
  if (effect === BLOCKED) return;
  if (effect !== null) {
    yield least;
    return;
  }
  // Nothing matches yet, and what nothing matches is blocked.
  for (const facts of matching) {
    if (facts.when === undefined || isVeto(facts) || exceeds(facts, value)) continue;
    const scenario = closed(matching, [...seeds, facts.when]);
    if (decided(matching, value, scenario) !== BLOCKED) yield scenario;
  }
}

/** The policies that match in a scenario and block there, by veto or cap. */
export function blockers(matching: readonly PolicyFacts[], value: number, scenario: Scenario): PolicyFacts[] {
  return matching.filter(
    (facts) => (facts.when === undefined || scenario.has(facts.when)) && (isVeto(facts) || exceeds(facts, value)),
  );
}

function ownEffect(facts: PolicyFacts, value: number, scenario: Scenario): Effect {
  if (exceeds(facts, value)) return BLOCKED;
  return facts.predicate !== undefined && !scenario.has(facts.predicate) ? BLOCKED : facts.effect;
}
