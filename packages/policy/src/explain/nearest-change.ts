import type { Change, DecidingStep, Nearest } from '@holdpoint/shared/domain/explanation';
import { type CompiledPolicy, createPolicySet } from '../compile/policy-set.ts';
import type { Evaluation, Question } from '../decide/evaluate.ts';
import { printable, type Scrub } from '../decide/printable.ts';
import { applyChange } from './apply-change.ts';
import type { Asking } from './asking.ts';
import { type Candidate, candidateChanges } from './candidate-changes.ts';
import { type Looked, selectorResults, speaksForTool } from './selectors.ts';
import { isIn, type ValueInterval, type ValueIntervals, valueIntervals } from './value-points.ts';

interface Means {
  readonly asking: Asking;
  readonly scrub: Scrub;
}

/**
 * The nearest single change that would have permitted the action: to ALLOW where there is a way, else to ALERT; of the action
 * rather than of the rules; the smallest first. undefined where none was found, or nothing needs one.
 */
export function nearestChange(
  question: Question,
  { verdict, action, hooks }: Evaluation,
  step: DecidingStep,
  { asking, scrub }: Means,
): Nearest | undefined {
  if (verdict.decision === 'ALLOW') return undefined;
  const looked: Looked = { action, operator: question.operator, nowMs: question.now.getTime() };
  const speaking = question.policies.policies.filter((compiled) => speaksForTool(compiled, action));
  const relevant = speaking.filter((compiled) => mayEverMatch(compiled, looked));
  const values = valueIntervals(relevant, action.value ?? 0);
  // Author's code may decide otherwise between two thresholds, and a fact of the arguments does not move by itself.
  const ranged = step !== 'derived' && hooks === undefined && !relevant.some(isOpaque);
  // Other rules want another set, which is made of those policies alone that could have a say.
  const narrow = { ...question, policies: createPolicySet(question.policies.version, speaking) };
  let alert: Nearest | undefined;
  for (const candidate of candidateChanges({ question, action, step, values, verdict })) {
    const { change } = candidate;
    if (tellsSecret(change, scrub)) continue;
    const after = asking.ask(applyChange('rule' in change ? narrow : question, change));
    if (!after) break;
    const { decision } = after.verdict;
    if (decision === 'BLOCK' || decision === verdict.decision) continue;
    if (candidate.value !== undefined && after.action.value !== candidate.value) continue;
    if (decision === 'ALERT' && alert) continue;
    const range = ranged && isValue(change) ? rangeAround(change.to, decision, values, question, asking) : undefined;
    const found = toNearest(candidate, decision, range, scrub);
    if (decision === 'ALLOW') return found;
    alert = found;
  }
  return alert;
}

/** Whether it can match this action at some value. */
function mayEverMatch(compiled: CompiledPolicy, looked: Looked): boolean {
  return selectorResults(compiled, looked).every(
    ({ holds, selector }) => holds || selector === 'appliesUpTo' || selector === 'appliesAbove',
  );
}

/** A fact that a tool derives from a secret argument cannot be named. */
function tellsSecret(change: Change, scrub: Scrub): boolean {
  return 'field' in change && typeof change.to === 'string' && scrub(change.to) !== change.to;
}

function isOpaque({ when, predicate }: CompiledPolicy): boolean {
  return when !== undefined || predicate !== undefined;
}

function isValue(change: Change): change is { field: 'value'; to: number } {
  return 'field' in change && change.field === 'value';
}

/** All neighbouring intervals that come to the same: each is asked at one value, which speaks for the others in it. */
function rangeAround(
  value: number,
  decision: Nearest['decision'],
  { intervals, whole }: ValueIntervals,
  question: Question,
  asking: Asking,
): Nearest['range'] {
  const at = intervals.findIndex((interval) => isIn(interval, value));
  if (!whole || at < 0) return undefined;
  const same = ({ nearest }: ValueInterval) =>
    asking.ask(applyChange(question, { field: 'value', to: nearest }))?.verdict.decision === decision;
  let first = at;
  let last = at;
  while (first > 0 && same(intervals[first - 1] as ValueInterval)) first -= 1;
  while (last < intervals.length - 1 && same(intervals[last + 1] as ValueInterval)) last += 1;
  // What was not asked is not known to be outside.
  if (asking.incomplete()) return undefined;
  const { above } = intervals[first] as ValueInterval;
  const { upTo } = intervals[last] as ValueInterval;
  return { ...(above !== undefined && { above }), ...(upTo !== undefined && { up_to: upTo }) };
}

function toNearest(
  { change, sentence }: Candidate,
  decision: Nearest['decision'],
  range: Nearest['range'],
  scrub: Scrub,
): Nearest {
  const how = range && isValue(change) ? inRange(range, change.to) : sentence;
  return { change, decision, ...(range && { range }), sentence: printable(scrub(`${how} this is ${decision}`)) };
}

function inRange({ above, up_to: upTo }: NonNullable<Nearest['range']>, value: number): string {
  if (above === undefined) return upTo === undefined ? `at ${value}` : `at ${upTo} or less`;
  return upTo === undefined ? `above ${above}` : `above ${above} and up to ${upTo}`;
}
