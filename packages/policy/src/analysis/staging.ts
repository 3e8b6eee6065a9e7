import type { Verdict } from '@holdpoint/shared/domain/decision';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { type CompiledPolicy, createPolicySet, type PolicySet } from '../compile/policy-set.ts';
import { rehearsedTools } from '../compile/rehearsed-tools.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { evaluate } from '../decide/evaluate.ts';
import type { Check } from '../decide/user-code.ts';
import type { Atom, ConditionField, Conditions } from './conditions.ts';
import type { Assumption } from './finding.ts';
import type { Scenario } from './scenario.ts';
import type { ToolRef } from './tool-classes.ts';

/** One action at one time, and what its conditions are taken to answer. */
export interface Place extends ToolRef {
  readonly operator: string;
  /** null: the line says none. */
  readonly value: number | null;
  readonly atMs: number;
  readonly scenario: Scenario;
}

export interface Staged {
  readonly verdict: Verdict;
  /** The conditions that were asked, and what they were taken to answer. */
  readonly assumes: readonly Assumption[];
}

export interface Stage {
  /** What `evaluate` decides of a place, with some policies left out. */
  ask(place: Place, without?: ReadonlySet<CompiledPolicy>): Staged;
  /** How often it was asked. */
  asked(): number;
}

/**
 * The rules as they are, but that a place says what conditions answer, and that of tools nothing but their risk is known: what
 * an author's code makes of arguments that nobody sent proves nothing. Hooks are left out for the same reason.
 */
export function createStage(rules: TenantRules, conditions: Conditions): Stage {
  let current: Scenario = new Set();
  let asked = 0;
  const answers = new Map<Atom, boolean>();
  const answering = (atom: Atom | undefined): Check | undefined => {
    if (atom === undefined) return undefined;
    const run = () => {
      answers.set(atom, current.has(atom));
      return current.has(atom);
    };
    return { kind: 'function', run };
  };
  const staged = rules.policies.policies.map((compiled): CompiledPolicy => {
    const answerOf = (field: ConditionField) => answering(conditions.atomOf(compiled, field));
    return { ...compiled, when: answerOf('when'), predicate: answerOf('predicate') };
  });
  const whole = createPolicySet(rules.policies.version, staged);
  const tools = rehearsedTools(risksOf(rules));
  const policiesWithout = (without: ReadonlySet<CompiledPolicy> | undefined): PolicySet =>
    without === undefined || without.size === 0
      ? whole
      : createPolicySet(
          rules.policies.version,
          staged.filter((_, index) => !without.has(rules.policies.policies[index] as CompiledPolicy)),
        );
  return {
    ask(place, without) {
      current = place.scenario;
      asked += 1;
      answers.clear();
      const { operator, atMs } = place;
      const env = operatorEnvelope(operator);
      const policies = policiesWithout(without);
      const question = { line: lineOf(place), operator, env, policies, tools, grants: rules.grants, hooks: undefined };
      const { verdict } = evaluate({ ...question, now: new Date(atMs) });
      return { verdict, assumes: [...answers].map(([atom, is]) => ({ ...conditions.nameOf(atom), is })) };
    },
    asked: () => asked,
  };
}

/** A line of a plan; its arguments are left open. */
export function lineOf({ connector, tool, value }: Place) {
  const keys = { entity_key: 'any-entity', idempotency_key: 'any-key' };
  return { connector, tool, args: {}, ...(value !== null && { value }), ...keys };
}

function risksOf({ tools }: TenantRules) {
  return Object.fromEntries(
    Object.entries(tools).map(([connector, own]) => [
      connector,
      Object.fromEntries(Object.entries(own).map(([tool, { risk }]) => [tool, risk])),
    ]),
  );
}
