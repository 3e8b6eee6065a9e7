import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { DecidingStep, MatchedPolicy, NearMiss } from '@holdpoint/shared/domain/explanation';
import type { Limit } from '@holdpoint/shared/domain/policy';
import { type CompiledPolicy, createPolicySet } from '../compile/policy-set.ts';
import type { Question } from '../decide/evaluate.ts';
import { printable, type Scrub } from '../decide/printable.ts';
import type { ScoredAction } from '../decide/scored-action.ts';
import type { Asking } from './asking.ts';
import { type Looked, selectorResults, speaksForTool } from './selectors.ts';

const MATCHED_MAX = 50;
const NEAR_MISSES_MAX = 5;
/** Before these, no policy is asked. */
const POLICY_STEPS: readonly DecidingStep[] = ['match', 'veto', 'constraints', 'escalation', 'allowed'];

interface Means {
  readonly asking: Asking;
  readonly scrub: Scrub;
}

export interface PolicyViews {
  readonly matched: MatchedPolicy[];
  readonly near_misses: NearMiss[];
}

/** What each policy has to do with the action: those that match and why, and those that nearly did and why not. */
export function viewPolicies(question: Question, action: ScoredAction, step: DecidingStep, means: Means): PolicyViews {
  if (!POLICY_STEPS.includes(step)) return { matched: [], near_misses: [] };
  const looked: Looked = { action, operator: question.operator, nowMs: question.now.getTime() };
  const matched: MatchedPolicy[] = [];
  const missed: Missed[] = [];
  for (const compiled of question.policies.policies) {
    const { connector } = compiled.policy;
    if (connector !== undefined && connector !== action.connector) continue;
    const seen = view(compiled, question, looked, means);
    if ('misses' in seen) missed.push(seen);
    else if (matched.length < MATCHED_MAX) matched.push(seen);
  }
  return { matched: inOrder(matched), near_misses: nearestOf(missed, matched.length > 0) };
}

interface Missed {
  readonly misses: NearMiss;
  /** How far from matching it is, the worst part first. */
  readonly farness: readonly [otherTool: number, selectors: number];
}

function view(compiled: CompiledPolicy, question: Question, looked: Looked, { asking, scrub }: Means) {
  const say = (text: string) => printable(scrub(text));
  const { id, policy } = compiled;
  const results = selectorResults(compiled, looked);
  const failing = results.filter(({ holds }) => !holds);
  const [first] = failing;
  const missed = (selector: NearMiss['selector'], message: string, otherTool: boolean): Missed => ({
    misses: { policy: id, decision: policy.decision, selector, message: say(message) },
    farness: [otherTool ? 1 : 0, failing.length],
  });
  if (first) {
    const message = failing.map((one) => one.message).join('; ');
    return missed(first.selector, message, !speaksForTool(compiled, looked.action));
  }
  const alone = isOpaque(compiled) ? askAlone(compiled, question, asking) : undefined;
  if (compiled.when && !alone?.matched.includes(id)) return missed('when', whenMiss(alone), false);
  const selectors = results.map(({ selector, message }) => ({ selector, message: say(message) }));
  if (compiled.when) selectors.push({ selector: 'when', message: 'its `when` answered true' });
  return { policy: id, decision: policy.decision, selectors, constraints: constraintsOf(compiled, looked, alone, say) };
}

function isOpaque({ when, predicate }: CompiledPolicy): boolean {
  return when !== undefined || predicate !== undefined;
}

/** As if there were no other policy: what its code answers is asked where decisions are asked, and nowhere else. */
function askAlone(compiled: CompiledPolicy, question: Question, asking: Asking): Verdict | undefined {
  const policies = createPolicySet(question.policies.version, [compiled]);
  return asking.ask({ ...question, policies })?.verdict;
}

function whenMiss(alone: Verdict | undefined): string {
  if (!alone) return 'its `when` was not asked';
  const failed = alone.reasons.find(({ code }) => code === 'policy_error');
  return failed ? `its \`when\` ${failed.message.replace(/^when /, '')}` : 'its `when` answered false';
}

function constraintsOf(
  { policy, predicate }: CompiledPolicy,
  { action }: Looked,
  alone: Verdict | undefined,
  say: (text: string) => string,
): MatchedPolicy['constraints'] {
  const constraints: MatchedPolicy['constraints'] = [];
  const value = action.value ?? 0;
  const { maxValue, decision } = policy;
  if (maxValue !== undefined) {
    const holds = value <= maxValue;
    const message = `${value} is ${holds ? 'within' : 'over'} maxValue ${maxValue}`;
    constraints.push({ constraint: 'maxValue', holds: decision === 'BLOCK' ? null : holds, message: say(message) });
  }
  if (policy.limit) constraints.push({ constraint: 'limit', holds: null, message: limitMessage(policy.limit) });
  if (!predicate) return constraints;
  if (!alone || decision === 'BLOCK') {
    const message =
      decision === 'BLOCK' ? 'its `predicate` is not asked: a veto needs none' : 'its `predicate` was not asked';
    return [...constraints, { constraint: 'predicate', holds: null, message }];
  }
  const failed = alone.reasons.find(({ code }) => code === 'policy_error');
  const isFalse = alone.reasons.some(({ code }) => code === 'predicate_false');
  const message = failed
    ? `its \`predicate\` ${failed.message.replace(/^predicate /, '')}`
    : `its \`predicate\` answered ${!isFalse}`;
  return [...constraints, { constraint: 'predicate', holds: failed ? null : !isFalse, message: say(message) }];
}

function limitMessage({ count, total, per, by }: Limit): string {
  const most = [
    ...(count === undefined ? [] : [`${count} actions`]),
    ...(total === undefined ? [] : [`a total of ${total}`]),
  ];
  return `at most ${most.join(' and ')} in ${per} by ${by}, which is kept when it is recorded`;
}

/** Those for other tools only where there is nothing for this one, and only what misses by nothing else. */
function nearestOf(missed: readonly Missed[], anyMatched: boolean): NearMiss[] {
  const own = missed.filter(({ farness: [otherTool] }) => otherTool === 0);
  const none = own.length === 0 && !anyMatched;
  const near = none ? missed.filter(({ farness: [, selectors] }) => selectors === 1) : own;
  const keyed = near.map(({ misses, farness }) => [[...farness, JSON.stringify(misses)].join(' '), misses] as const);
  return inOrder(keyed.map(([key, misses]) => ({ key, misses })))
    .slice(0, NEAR_MISSES_MAX)
    .map(({ misses }) => misses);
}

/** By what is said, each once: policies may share an id, and the set's order among those is the author's. */
function inOrder<T extends object>(all: readonly T[]): T[] {
  const keyed = new Map(all.map((one) => [JSON.stringify(one), one]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
