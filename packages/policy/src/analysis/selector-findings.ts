import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { globMatches } from '../compile/glob.ts';
import { isFromSugar } from '../compile/sugar.ts';
import type { Finding } from './finding.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { PolicyRecord } from './survey.ts';
import { everyTool, type ToolRef } from './tool-classes.ts';
import { VALUE_MAX } from './value-range.ts';
import { firstOf, type LintContext, prove, toWitness } from './witness.ts';

const SOON_MS = 14 * 24 * 3600 * 1000;
const NAMED_MAX = 3;

/** What can be said of each policy by its own selectors and the catalog. */
export function selectorFindings(context: LintContext): (Finding | undefined)[] {
  const [gone, current] = [true, false].map((is) =>
    context.facts.filter((one) => isExpired(one, context.nowMs) === is),
  );
  const unvalued = [...toolsWithoutValue(context)].filter(([facts]) => !isExpired(facts, context.nowMs));
  return [
    ...(gone ?? []).map(expired),
    ...(current ?? []).flatMap((facts) => [...nothingMatched(context, facts), broadAllow(facts)]),
    ...firstOf(
      context,
      (current ?? []).filter((facts) => endsSoon(facts, context.nowMs)),
      (facts) => expiresSoon(context, facts),
    ),
    ...firstOf(context, unvalued, ([facts, tools]) => valueLeftOut(context, facts, tools)),
  ];
}

function isExpired({ compiled }: PolicyFacts, nowMs: number): boolean {
  return compiled.expiresAtMs !== undefined && compiled.expiresAtMs <= nowMs;
}

function endsSoon({ compiled }: PolicyFacts, nowMs: number): boolean {
  return compiled.expiresAtMs !== undefined && compiled.expiresAtMs <= nowMs + SOON_MS;
}

function expired({ id, compiled }: PolicyFacts): Finding {
  return {
    code: 'expired',
    severity: 'warning',
    policies: [id],
    message: `"${id}" matches nothing since ${compiled.policy.expiresAt}`,
    witnesses: [],
    fix: { text: `remove "${id}", or give it another expiresAt`, edits: [{ policy: id, remove: true }] },
  };
}

function expiresSoon(context: LintContext, facts: PolicyFacts): Finding | undefined {
  const { expiresAtMs, policy } = facts.compiled;
  const place = context.survey.records.get(facts)?.lastMattered;
  const before = place && context.stage.ask(place);
  const after =
    place && expiresAtMs !== undefined && context.stage.ask({ ...place, atMs: expiresAtMs }).verdict.decision;
  const witnesses =
    before && before.verdict.decision !== after
      ? [toWitness(place, before, `from ${policy.expiresAt} on: ${after}`)]
      : [];
  return {
    code: 'expires_soon',
    severity: 'info',
    policies: [facts.id],
    message: `"${facts.id}" matches nothing from ${policy.expiresAt} on`,
    witnesses,
  };
}

function nothingMatched(context: LintContext, facts: PolicyFacts): Finding[] {
  const { id, compiled } = facts;
  const record = context.survey.records.get(facts) as PolicyRecord;
  if (isFromSugar(id) && (id.startsWith('permissions.') || hasCommandRules(context, id))) return [];
  const { appliesAbove = -1, appliesUpTo = VALUE_MAX } = compiled.policy;
  if (appliesAbove >= appliesUpTo) {
    const message = `"${id}" matches no amount: over ${appliesAbove} and up to ${appliesUpTo}`;
    return [{ code: 'contradiction', severity: 'error', policies: [id], message, witnesses: [] }];
  }
  const why = record.seen || record.unfinished ? [] : [whyNothing(context, compiled.policy, compiled.tools)];
  const dead = why.length > 0 ? [] : deadGlobs(context.rules.tools, compiled.policy.connector, compiled.tools);
  const messages = [
    ...why.map((reason) => `"${id}" matches nothing: ${reason}`),
    ...dead.map((glob) => `the glob ${glob} of "${id}" fits no tool`),
  ];
  return messages.map((message) => ({
    code: 'matches_nothing',
    severity: 'warning',
    policies: [id],
    message,
    witnesses: [],
  }));
}

/** A rule's pattern is read over command lines as well, of the tools that have them. */
function hasCommandRules({ facts }: LintContext, ruleId: string): boolean {
  return facts.some(({ id }) => id !== ruleId && id.startsWith(`${ruleId}.`));
}

/** The first selector, in the order in which one would look, that leaves nothing. */
function whyNothing({ rules }: LintContext, policy: TrustPolicy, globs: readonly string[]): string {
  const { connector, tool, risk, operator } = policy;
  if (connector !== undefined && !Object.hasOwn(rules.tools, connector)) return `there is no connector ${connector}`;
  const all = everyTool(rules.tools);
  const steps: [keep: (one: (typeof all)[number]) => boolean, reason: string][] = [
    [(one) => connector === undefined || one.connector === connector, `connector ${connector} has no tool`],
    [(one) => tool === undefined || one.tool === tool, `there is no tool ${connector ? `${connector} ` : ''}${tool}`],
    [
      (one) => globs.length === 0 || globs.some((glob) => globMatches(glob, one.tool)),
      `${globs.join(', ')} fits no tool`,
    ],
    [(one) => risk === undefined || one.risk === risk, `none of its tools is of risk ${risk}`],
    [(one) => one.risk !== 'read', 'its tools only read, which no policy decides'],
  ];
  let left = all;
  for (const [keep, reason] of steps) {
    left = left.filter(keep);
    if (left.length === 0) return reason;
  }
  return `${operator ?? 'no operator'} holds ${operator ? 'no' : 'a'} grant for its tools`;
}

function deadGlobs(tools: ToolCatalog, connector: string | undefined, globs: readonly string[]): string[] {
  if (globs.length < 2) return [];
  const names = everyTool(tools).filter((one) => connector === undefined || one.connector === connector);
  return globs.filter((glob) => !names.some(({ tool }) => globMatches(glob, tool)));
}

function broadAllow({ id, compiled: { policy, tools } }: PolicyFacts): Finding | undefined {
  const { decision, connector, tool } = policy;
  if (decision !== 'ALLOW' || connector !== undefined || tool !== undefined || tools.length > 0) return undefined;
  return {
    code: 'broad_allow',
    severity: 'info',
    policies: [id],
    message: `"${id}" permits tools of every connector, those to come included`,
    witnesses: [],
    fix: { text: `name a connector or tools in "${id}"` },
  };
}

/** For each policy that asks how much, the tools that leave the answer to the proposer. */
function toolsWithoutValue({ classes, rules }: LintContext): Map<PolicyFacts, ToolRef[]> {
  const found = new Map<PolicyFacts, ToolRef[]>();
  for (const { tools, candidates } of classes.filter(({ risk }) => risk !== 'read')) {
    const own = tools.filter(({ connector, tool }) => rules.tools[connector]?.[tool]?.value === undefined);
    if (own.length === 0) continue;
    for (const facts of candidates.filter(asksHowMuch)) found.set(facts, [...(found.get(facts) ?? []), ...own]);
  }
  return found;
}

function asksHowMuch({ compiled: { policy } }: PolicyFacts): boolean {
  const { maxValue, appliesAbove, appliesUpTo, limit } = policy;
  return [maxValue, appliesAbove, appliesUpTo, limit?.total].some((amount) => amount !== undefined);
}

function valueLeftOut(context: LintContext, facts: PolicyFacts, tools: readonly ToolRef[]): Finding | undefined {
  const [first] = tools;
  if (first === undefined) return undefined;
  const { maxValue, appliesAbove, appliesUpTo } = facts.compiled.policy;
  const field = maxValue !== undefined ? 'maxValue' : (appliesAbove ?? appliesUpTo) === undefined ? 'limit' : 'range';
  const names = tools.slice(0, NAMED_MAX).map(({ connector, tool }) => `${connector} ${tool}`);
  const more = tools.length > NAMED_MAX ? ` and ${tools.length - NAMED_MAX} more` : '';
  const message = `the ${field} of "${facts.id}" takes the proposer's word: ${names.join(', ')}${more} declare${tools.length === 1 ? 's' : ''} no value, and who says none counts as 0`;
  const operator = facts.compiled.policy.operator ?? operatorFor(context, first);
  const scenario = new Set([facts.when, facts.predicate].filter((atom) => atom !== undefined));
  const place = { ...first, operator, value: null, atMs: context.nowMs, scenario };
  const witness = prove(context, place, () => true, 'it says no value');
  return {
    code: 'max_value_without_value',
    severity: 'info',
    policies: [facts.id],
    message,
    witnesses: witness ? [witness] : [],
    fix: { text: `declare value(args) in tools.ts of ${first.connector}, so that the arguments tell it` },
  };
}

function operatorFor({ classes, stranger }: LintContext, { connector, tool }: ToolRef): string {
  const own = classes.find(({ tools }) => tools.some((one) => one.connector === connector && one.tool === tool));
  return own?.operators.at(-1)?.name ?? stranger;
}
