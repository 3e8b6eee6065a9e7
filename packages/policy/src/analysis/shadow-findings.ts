import { isFromSugar } from '../compile/sugar.ts';
import type { Edit, Finding } from './finding.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { isVeto } from './policy-facts.ts';
import type { Place } from './staging.ts';
import type { PolicyRecord } from './survey.ts';
import { firstOf, gives, type LintContext, prove, quoted } from './witness.ts';

/** Policies that never get their own decision, because of what others say wherever they match. */
export function shadowFindings(context: LintContext): (Finding | undefined)[] {
  const { records, killers } = context.survey;
  const silent = [...records.values()].filter(
    ({ facts, seen, fires, unfinished }) => seen && !fires && !unfinished && !isVeto(facts) && !isFromSugar(facts.id),
  );
  return [
    ...firstOf(context, [...killers], ([facts, place]) => killer(context, facts, place)),
    ...firstOf(
      context,
      silent.filter(({ blockedBy }) => ![...blockedBy.keys()].some((one) => killers.has(one))),
      (record) => silenced(context, record),
    ),
  ];
}

function silenced(context: LintContext, record: PolicyRecord): Finding | undefined {
  const { facts, withinCap, blockedBy, alertedBy } = record;
  if (!withinCap) return againstItself(context, record);
  if (facts.compiled.policy.decision === 'ALLOW' && alertedBy.size > 0) {
    return shadowedTier(context, record) ?? alwaysAlert(context, record);
  }
  const [first] = blockedBy.values();
  if (!first) return undefined;
  return record.vetoed ? vetoed(context, record, first) : capped(context, record);
}

function againstItself(context: LintContext, { facts, seen }: PolicyRecord): Finding | undefined {
  const { maxValue, appliesAbove } = facts.compiled.policy;
  const witness = seen && prove(context, seen, ({ decision }) => decision === 'BLOCK');
  if (!witness) return undefined;
  return {
    code: 'contradiction',
    severity: 'error',
    policies: [facts.id],
    message: `"${facts.id}" matches only what is over ${appliesAbove}, and its maxValue of ${maxValue} blocks all of that`,
    witnesses: [witness],
    fix: { text: `raise the maxValue of "${facts.id}" over ${appliesAbove}, or leave it out` },
  };
}

/** The recipe that looks as if it reviewed what is over a cap: the cap blocks it, and the ALLOW never decides. */
function shadowedTier(context: LintContext, { facts, alertedBy, capsReview }: PolicyRecord): Finding | undefined {
  const cap = facts.compiled.policy.maxValue;
  const review = [...capsReview.keys()].find((one) => alertedBy.has(one));
  if (cap === undefined || review === undefined) return undefined;
  const isAlert = gives('escalated', review);
  const under = prove(context, alertedBy.get(review) as Place, isAlert, `"${facts.id}" was to permit this`);
  const over = prove(
    context,
    capsReview.get(review) as Place,
    gives('max_value', facts),
    `"${review.id}" was to ask about this`,
  );
  if (!under || !over) return undefined;
  const edits: Edit[] = [
    { policy: facts.id, set: { appliesUpTo: cap, maxValue: null } },
    { policy: review.id, set: { appliesAbove: cap } },
  ];
  const alone = sameSelectors(facts, review) && !isFromSugar(review.id);
  return {
    code: 'shadowed_tier',
    severity: 'error',
    policies: [facts.id, review.id],
    message: `"${facts.id}" never permits, for "${review.id}" asks about all of it; and over ${cap} its maxValue blocks what "${review.id}" would ask about`,
    witnesses: [under, over],
    fix: {
      text: `"${facts.id}": appliesUpTo ${cap} in place of maxValue; "${review.id}": appliesAbove ${cap}${alone ? '' : ', where both match'}`,
      ...(alone && { edits }),
    },
  };
}

/** But for value and conditions: so that narrowing one leaves nothing else without it. */
function sameSelectors(a: PolicyFacts, b: PolicyFacts): boolean {
  const selectors = ({ compiled: { policy, tools } }: PolicyFacts) =>
    JSON.stringify([policy.connector, policy.tool, [...tools].sort(), policy.operator, policy.risk]);
  return selectors(a) === selectors(b);
}

function alwaysAlert(context: LintContext, { facts, alertedBy, blockedBy }: PolicyRecord): Finding | undefined {
  const [[first, place] = []] = alertedBy;
  const witness = first && place && prove(context, place, gives('escalated', first));
  if (!witness) return undefined;
  const rest =
    blockedBy.size === 0 ? '' : `, and ${quoted(blockedBy.keys())} block${blockedBy.size === 1 ? 's' : ''} the rest`;
  return {
    code: 'always_alert_over_allow',
    severity: 'warning',
    policies: [facts.id, ...idsOf(alertedBy.keys()), ...idsOf(blockedBy.keys())],
    message: `"${facts.id}" never permits: ${quoted(alertedBy.keys())} ask${alertedBy.size === 1 ? 's' : ''} a person wherever it matches${rest}`,
    witnesses: [witness],
    fix: { text: `narrow ${quoted(alertedBy.keys())} to what is not of "${facts.id}", or remove "${facts.id}"` },
  };
}

function vetoed(context: LintContext, { facts, blockedBy }: PolicyRecord, place: Place): Finding | undefined {
  const witness = prove(context, place, ({ decision }) => decision === 'BLOCK');
  if (!witness) return undefined;
  return {
    code: 'unreachable',
    severity: 'warning',
    policies: [facts.id, ...idsOf(blockedBy.keys())],
    message: `"${facts.id}" never decides: all that it matches is blocked by ${quoted(blockedBy.keys())}`,
    witnesses: [witness],
    fix: { text: `narrow ${quoted(blockedBy.keys())}, or remove "${facts.id}"` },
  };
}

function capped(context: LintContext, { facts, blockedBy }: PolicyRecord): Finding | undefined {
  const [[first, place] = []] = blockedBy;
  const witness = first && place && prove(context, place, gives('max_value', first));
  if (!witness) return undefined;
  return {
    code: 'contradiction',
    severity: 'error',
    policies: [facts.id, ...idsOf(blockedBy.keys())],
    message: `"${facts.id}" never decides: all that it matches is over the maxValue of ${quoted(blockedBy.keys())}, which matches it too`,
    witnesses: [witness],
    fix: { text: `a maxValue refuses what is over it: select by appliesUpTo in ${quoted(blockedBy.keys())} instead` },
  };
}

function killer(context: LintContext, facts: PolicyFacts, place: Place): Finding | undefined {
  const without = new Set(context.facts.filter(isVeto).map(({ compiled }) => compiled));
  const otherwise = context.stage.ask(place, without).verdict.decision;
  const note = `without vetoes: ${otherwise}`;
  const witness = prove(context, place, (verdict) => gives('veto', facts)(verdict) && otherwise !== 'BLOCK', note);
  if (!witness) return undefined;
  return {
    code: 'kills_everything',
    severity: 'error',
    policies: [facts.id],
    message: `"${facts.id}" vetoes all that any other policy permits: nothing but reads is left`,
    witnesses: [witness],
    fix: {
      text: `narrow "${facts.id}" to what must not happen; to stop everything for a time, set a freeze, or give it expiresAt`,
    },
  };
}

function idsOf(policies: Iterable<PolicyFacts>): string[] {
  return [...new Set([...policies].map(({ id }) => id))].sort();
}
