import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { Change, DecidingStep } from '@holdpoint/shared/domain/explanation';
import { maskArgs } from '@holdpoint/shared/domain/secret-args';
import type { CompiledPolicy } from '../compile/policy-set.ts';
import type { Question } from '../decide/evaluate.ts';
import { prepareAction } from '../decide/prepare.ts';
import type { ScoredAction } from '../decide/scored-action.ts';
import { speaksForTool } from './selectors.ts';
import { isIn, type ValueIntervals } from './value-points.ts';

/** A change to be tried, and how it is told: `at 500`, to go on with `this is ALLOW`. */
export interface Candidate {
  readonly change: Change;
  readonly sentence: string;
  /** What the action must be worth after it, or it is not the change that was meant. */
  readonly value?: number;
}

export interface Situation {
  readonly question: Question;
  readonly action: ScoredAction;
  readonly step: DecidingStep;
  readonly values: ValueIntervals;
  readonly verdict: Verdict;
}

const OPERATORS_MAX = 20;
const TIMES_MAX = 10;
const POLICIES_MAX = 20;
const LEAVES_MAX = 8;
const LEAF_POINTS_MAX = 6;
const LEAF_DEPTH_MAX = 3;
/** Names that can stand in a path. */
const FIELD = /^[A-Za-z0-9_-]{1,64}$/;

/** What may be tried, the nearest first: of the action, then of the rules. */
export function candidateChanges(situation: Situation): Candidate[] {
  switch (situation.step) {
    case 'grants':
      return [...operators(situation), grant(situation)];
    case 'derived':
      return derivedFacts(situation);
    case 'hooks':
      return [...valuesToTry(situation), ...operators(situation)];
    case 'match':
    case 'veto':
    case 'constraints':
    case 'escalation':
      return [
        ...valuesToTry(situation),
        ...operators(situation),
        ...times(situation),
        ...raisedCaps(situation),
        ...removals(situation),
      ];
    // Nothing that could be changed by one thing, or nothing to change.
    case 'plan':
    case 'event':
    case 'parse':
    case 'tool':
    case 'read':
    case 'allowed':
    case 'key':
    case 'limits':
      return [];
    default:
      return situation.step satisfies never;
  }
}

function valuesToTry(situation: Situation): Candidate[] {
  const { question, action, values } = situation;
  const present = action.value ?? 0;
  const points = values.intervals
    .filter((interval) => !isIn(interval, present))
    .map(({ nearest }) => nearest)
    .sort((a, b) => Math.abs(a - present) - Math.abs(b - present) || a - b);
  const derives = question.tools[action.connector]?.[action.tool]?.value !== undefined;
  if (derives) return argumentsToTry(situation, points.slice(0, LEAF_POINTS_MAX));
  return points.map((to) => ({ change: { field: 'value', to }, sentence: `at ${to}`, value: to }));
}

/** A value that the tool makes of the arguments is changed by one of them, where one makes it up. */
function argumentsToTry({ question, action }: Situation, points: readonly number[]): Candidate[] {
  const present = action.value ?? 0;
  if (present === 0) return [];
  const secretArgs = question.tools[action.connector]?.[action.tool]?.secretArgs ?? [];
  const proposed = (question.line as { readonly args?: unknown }).args;
  const leaves = numbersIn(maskArgs(proposed, secretArgs), [], LEAF_DEPTH_MAX).slice(0, LEAVES_MAX);
  return points.flatMap((point) =>
    leaves.map(({ path, number }) => {
      const to = number === present ? point : (number / present) * point;
      const field = `args.${path.join('.')}`;
      return { change: { field, to }, sentence: `with ${field} ${to}, a value of ${point},`, value: point };
    }),
  );
}

function numbersIn(
  value: unknown,
  path: readonly string[],
  depthLeft: number,
): { path: readonly string[]; number: number }[] {
  if (typeof value === 'number') return value > 0 && path.length > 0 ? [{ path, number: value }] : [];
  if (typeof value !== 'object' || value === null || depthLeft === 0) return [];
  return Object.keys(value)
    .filter((key) => FIELD.test(key))
    .sort()
    .slice(0, LEAVES_MAX)
    .flatMap((key) => numbersIn((value as Record<string, unknown>)[key], [...path, key], depthLeft - 1));
}

/** What the arguments make of it, in place of what was said. */
function derivedFacts({ question, verdict }: Situation): Candidate[] {
  const { line, tools, watch } = question;
  const code = verdict.reasons[0]?.code;
  if (code !== 'value_mismatch' && code !== 'entity_mismatch') return [];
  const field = code === 'value_mismatch' ? 'value' : 'entity_key';
  const { [field]: _said, ...rest } = line as Readonly<Record<string, unknown>>;
  const prepared = prepareAction(rest, tools, watch);
  const action = prepared.ok ? prepared.action : prepared.salvage;
  const to = action[field];
  return to === null ? [] : [{ change: { field, to }, sentence: `with ${field} ${to}` }];
}

function operators({ question, action }: Situation): Candidate[] {
  const { policies, grants = [], operator } = question;
  const named = policies.policies.filter((one) => speaksForTool(one, action)).map(({ policy }) => policy.operator);
  const others = new Set([...named, ...grants.map((one) => one.operator)]);
  return [...others]
    .filter((one) => one !== undefined && one !== operator)
    .sort()
    .slice(0, OPERATORS_MAX)
    .map((to = '') => ({ change: { field: 'operator', to }, sentence: `proposed by ${to}` }));
}

/** Just before a policy expired, and when one will have. */
function times({ question, action }: Situation): Candidate[] {
  const nowMs = question.now.getTime();
  const moments = question.policies.policies
    .filter((one) => one.expiresAtMs !== undefined && speaksForTool(one, action))
    .map(({ expiresAtMs = 0 }) => (expiresAtMs <= nowMs ? expiresAtMs - 1 : expiresAtMs));
  return [...new Set(moments)]
    .sort((a, b) => Math.abs(a - nowMs) - Math.abs(b - nowMs) || a - b)
    .slice(0, TIMES_MAX)
    .map((ms) => new Date(ms).toISOString())
    .map((to) => ({ change: { field: 'now', to }, sentence: `at ${to}` }));
}

function grant({ question: { operator }, action }: Situation): Candidate {
  const tool = `${action.connector}:${action.tool}`;
  return { change: { rule: 'add_grant', operator, tool }, sentence: `with a grant of ${tool} to ${operator}` };
}

function raisedCaps({ action, verdict }: Situation): Candidate[] {
  const to = action.value ?? 0;
  const over = verdict.reasons.filter(({ code }) => code === 'max_value').flatMap(({ policy }) => policy ?? []);
  return [...new Set(over)].slice(0, POLICIES_MAX).map((policy) => ({
    change: { rule: 'raise_max_value', policy, to },
    sentence: `with the maxValue of ${policy} raised to ${to}`,
  }));
}

function removals({ question, verdict }: Situation): Candidate[] {
  const failed = verdict.reasons.flatMap(({ policy }) => policy ?? []);
  const known = new Set(question.policies.policies.map(({ id }: CompiledPolicy) => id));
  return [...new Set([...failed, ...verdict.matched])]
    .filter((id) => known.has(id))
    .sort()
    .slice(0, POLICIES_MAX)
    .map((policy) => ({ change: { rule: 'remove_policy', policy }, sentence: `without the policy ${policy}` }));
}
