import type { CompiledPolicy, PolicySet } from '../compile/policy-set.ts';
import type { Atom, Conditions } from './conditions.ts';
import { type Effect, type EffectOptions, policyEffect } from './effect.ts';

/** What analysis knows of a policy beside its selectors. */
export interface PolicyFacts {
  readonly id: string;
  readonly compiled: CompiledPolicy;
  readonly when: Atom | undefined;
  readonly predicate: Atom | undefined;
  /** Where it matches and its constraints pass. */
  readonly effect: Effect;
}

export function factsOf(policies: PolicySet, conditions: Conditions, options: EffectOptions): PolicyFacts[] {
  return policies.policies.map((compiled) => ({
    id: compiled.id,
    compiled,
    when: conditions.atomOf(compiled, 'when'),
    predicate: conditions.atomOf(compiled, 'predicate'),
    effect: policyEffect(compiled, options),
  }));
}

/** All that has a say in decisions, but for the id and the words for people. */
export function contentKey({ compiled, when, predicate, effect }: PolicyFacts): string {
  const { connector, tool, operator, risk, appliesUpTo, appliesAbove, maxValue } = compiled.policy;
  const selectors = [
    connector,
    tool,
    [...compiled.tools].sort(),
    operator,
    risk,
    appliesUpTo,
    appliesAbove,
    compiled.expiresAtMs,
  ];
  return JSON.stringify([selectors, maxValue, when, predicate, effect.key]);
}

export function isVeto({ compiled }: PolicyFacts): boolean {
  return compiled.policy.decision === 'BLOCK';
}

export function exceeds({ compiled }: PolicyFacts, value: number): boolean {
  return compiled.policy.maxValue !== undefined && value > compiled.policy.maxValue;
}
