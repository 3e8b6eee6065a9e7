import type { TenantRules } from '../compile/tenant-rules.ts';
import type { Change, DiffReport, OpenQuestion } from './change.ts';
import { type Conditions, nameConditions } from './conditions.ts';
import { type Difference, differencesIn } from './diff-cells.ts';
import { ANYONE, type DiffSide, diffClasses, type OperatorGroup } from './diff-classes.ts';
import { type Direction, effectWords, verdictEffect } from './effect.ts';
import { createLookBudget } from './look-budget.ts';
import { isEveryone, type MergedDifference, mergeDifferences } from './merge-changes.ts';
import { contentKey, factsOf, type PolicyFacts } from './policy-facts.ts';
import { createStage, type Stage } from './staging.ts';
import { rangeWords, sampleOf } from './value-range.ts';
import { toWitness } from './witness.ts';

const DIFF_MAX_LOOKS = 20_000_000;
const DIFFERENCES_MAX = 20_000;
/** Of changes, of open conditions and of policies that nothing feels, each. */
const SHOWN_MAX = 200;
const NAMED_MAX = 5;

/**
 * What two sets of rules decide otherwise, from `now` on: complete over tools, operators, amounts, times and the terms of
 * escalations and limits. A condition is the same where its text is, and else may answer either. The words of reasons, hooks, and
 * what tools make of arguments are not compared. Every change has an action that both sets were asked about.
 */
export function diffRules(before: TenantRules, after: TenantRules, now: Date, maxLooks = DIFF_MAX_LOOKS): DiffReport {
  return diffWithProofs(before, after, now, maxLooks).report;
}

/** The same, with what tests hold it to. */
export function diffWithProofs(before: TenantRules, after: TenantRules, now: Date, maxLooks = DIFF_MAX_LOOKS) {
  const budget = createLookBudget(maxLooks);
  const conditions = nameConditions([before.policies, after.policies]);
  const sides = [before, after].map((rules) => ({
    rules,
    facts: factsOf(rules.policies, conditions, { byPolicy: false }),
  })) as unknown as [DiffSide, DiffSide];
  const changed = changedPolicies(sides);
  const { classes, all } = diffClasses(sides, budget);
  const found: Difference[] = [];
  const felt = new Set<string>();
  for (const own of classes) {
    for (const difference of differencesIn(own, changed, now.getTime(), budget)) {
      if (found.length < DIFFERENCES_MAX) found.push(difference);
      for (const facts of difference.cell.matching.flat()) if (changed.has(facts)) felt.add(facts.id);
    }
  }
  const complete = all && budget.spend(0) && found.length < DIFFERENCES_MAX;
  const merged = mergeDifferences(found);
  const stages = [createStage(before, conditions), createStage(after, conditions)] as const;
  const proved = merged
    .slice(0, SHOWN_MAX)
    .map((one) => ({ direction: one.first.direction, change: prove(one, stages, now.getTime()) }));
  const unproven = proved.filter(({ change }) => !change).length;
  const of = (wanted: Direction): Change[] =>
    proved.flatMap(({ direction, change }) => (direction === wanted && change ? [change] : []));
  const open = openQuestions(sides, conditions);
  const unfelt = complete ? [...new Set([...changed].map(({ id }) => id))].filter((id) => !felt.has(id)).sort() : [];
  const report: DiffReport = {
    looser: of('looser'),
    tighter: of('tighter'),
    otherwise: of('otherwise'),
    open: open.slice(0, SHOWN_MAX),
    unfelt: unfelt.slice(0, SHOWN_MAX),
    more: [merged, open, unfelt].reduce((sum, { length }) => sum + Math.max(0, length - SHOWN_MAX), 0),
    complete: complete && unproven === 0,
  };
  return { report, unproven, looks: budget.spent() };
}

/** Those whose content the other set has not. */
function changedPolicies([before, after]: readonly [DiffSide, DiffSide]): ReadonlySet<PolicyFacts> {
  const strangers = (own: DiffSide, other: DiffSide): PolicyFacts[] => {
    const known = new Set(other.facts.map(contentKey));
    return own.facts.filter((facts) => !known.has(contentKey(facts)));
  };
  return new Set([...strangers(before, after), ...strangers(after, before)]);
}

/** Undefined where the rules do not decide as was worked out: it would be a fault of the analysis. */
function prove(merged: MergedDifference, stages: readonly [Stage, Stage], nowMs: number): Change | undefined {
  const { first, range, fromMs, untilMs, groups, classes } = merged;
  const [tool] = first.own.tools;
  if (!tool) return undefined;
  const place = { ...tool, operator: first.group.name, value: sampleOf(range), atMs: fromMs, scenario: first.scenario };
  const [before, after] = [stages[0].ask(place), stages[1].ask(place)];
  if (verdictEffect(before.verdict).key !== first.before.key) return undefined;
  if (verdictEffect(after.verdict).key !== first.after.key) return undefined;
  const assumed = [...before.assumes, ...after.assumes];
  const assumes = [...new Map(assumed.map((one) => [JSON.stringify(one), one])).values()];
  return {
    message: sentence(merged, assumes, nowMs),
    tools: classes.flatMap(({ tools }) => tools),
    ...operatorsOf(groups),
    values: range,
    from: new Date(fromMs).toISOString(),
    until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
    before: effectWords(first.before),
    after: effectWords(first.after),
    assumes,
    witness: { before: toWitness(place, before), after: toWitness(place, after) },
  };
}

function sentence(merged: MergedDifference, assumes: Change['assumes'], nowMs: number): string {
  const { first, range, fromMs, untilMs, groups, classes } = merged;
  const tools = classes.flatMap((one) => one.tools).map(({ connector, tool }) => `${connector} ${tool}`);
  const { operators, except } = operatorsOf(groups);
  const anyone = except.length === 0 ? 'anyone' : `anyone but ${someOf(except)}`;
  const who = operators.map((name) => (name === ANYONE ? anyone : name));
  const given = assumes.map(({ policy, field, is }) => `the ${field} of "${policy}" ${is ? 'is' : 'is not'} true`);
  const parts = [
    someOf(tools),
    rangeWords(range),
    isEveryone(merged) ? '' : `by ${someOf(who)}`,
    fromMs === nowMs ? '' : `from ${new Date(fromMs).toISOString()}`,
    untilMs === undefined ? '' : `until ${new Date(untilMs).toISOString()}`,
    given.length === 0 ? '' : `where ${someOf(given)}`,
  ];
  const where = parts.filter((part) => part !== '').join(' ');
  return `${where}: ${effectWords(first.before)} → ${effectWords(first.after)}`;
}

function operatorsOf(groups: readonly OperatorGroup[]): Pick<Change, 'operators' | 'except'> {
  const operators = groups.flatMap(({ names }) => names);
  const except = groups.flatMap((group) => group.except).filter((name) => !operators.includes(name));
  // Who is anyone needs no name, unless nobody is.
  return { operators: operators.includes(ANYONE) ? [ANYONE] : operators, except };
}

function someOf(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '';
  return `${names.slice(0, NAMED_MAX).join(', ')}${more}`;
}

function openQuestions(sides: readonly [DiffSide, DiffSide], conditions: Conditions): OpenQuestion[] {
  const atomsOf = ({ facts }: DiffSide) =>
    new Set(facts.flatMap(({ when, predicate }) => [when ?? [], predicate ?? []].flat()));
  const [before, after] = [atomsOf(sides[0]), atomsOf(sides[1])];
  const question = (atom: number, side: OpenQuestion['side']): OpenQuestion => {
    const { policy, field } = conditions.nameOf(atom);
    const message = `the ${field} of "${policy}" stands only in what is ${side}: it may answer either, or fail and block`;
    return { policy, field, side, message };
  };
  return [
    ...[...before].filter((atom) => !after.has(atom)).map((atom) => question(atom, 'before')),
    ...[...after].filter((atom) => !before.has(atom)).map((atom) => question(atom, 'after')),
  ];
}
