import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { CompiledPolicy } from '../compile/policy-set.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { rubberStamps, STAMP_TERMS, type StampTerms } from './rubber-stamps.ts';
import { type SplitPolicies, splitPolicy } from './split-policy.ts';
import { denialRateMax, splitValue } from './split-value.ts';

export interface SuggestTerms extends StampTerms {
  /** Grants that nothing is to be said against, fewer of which say too little. */
  readonly grantsMin: number;
  /** Beyond so many lines that people were asked about, nothing is suggested: a denial could be among those left out. */
  readonly evidenceMax: number;
}

export const SUGGEST_TERMS: SuggestTerms = { ...STAMP_TERMS, grantsMin: 20, evidenceMax: 200_000 };

/** What the record says of the lines that a policy escalated. */
export interface Weighed {
  /** Grants at or below the split that count. */
  readonly granted: number;
  /** Who granted them. */
  readonly people: number;
  /** Of this connector and tool, whoever asked. */
  readonly denied: number;
  readonly lowest_denied: number | null;
  /** One-sided 95 % upper bound on how often people would deny such a line. */
  readonly denial_rate_max: number;
  /** Grants that are no evidence. */
  readonly set_aside: { readonly too_fast: number; readonly batch: number; readonly one_person: number };
  readonly undecided: number;
  /** Lines that other policies escalated as well. */
  readonly shared: number;
}

/** An ALERT policy that could be split by value; from the record alone, to be verified by replay. */
export interface Suggestion extends SplitPolicies {
  readonly connector: string;
  readonly tool: string;
  /** undefined: any. */
  readonly operator: string | undefined;
  readonly up_to: number;
  readonly evidence: Weighed;
  /** Recorded lines that waited for people and would not have. */
  readonly would_save: number;
}

export const WITHHELD = {
  too_few: 'too few grants that count',
  one_person: 'all its grants are of one person, who never denied anything',
  denied_low: 'people denied a line as small as any that they granted',
  no_value: 'its lines have no value to split by',
  several_alerts: 'other policies escalate the same lines: splitting one of them saves nothing',
  several_tools: 'it does not name one connector and tool: give the tool a policy of its own first',
  of_rules: '`approvalRules` made it: write a policy for the tool first',
  has_limit: 'it keeps a limit, which two policies would keep apart',
  not_hold: 'it holds nothing back',
  shared_id: 'several policies are called so',
  gone: 'there is no such policy any more',
  too_much: 'more lines than can be weighed at once: look at a shorter time',
  not_verified: 'replay over the same records does not bear it out',
} as const;

export interface Withheld {
  readonly policy: string;
  readonly why: keyof typeof WITHHELD;
  readonly message: string;
  readonly evidence?: Weighed;
}

export interface Suggestions {
  /** By what they would save, the most first. */
  readonly suggestions: readonly Suggestion[];
  readonly withheld: readonly Withheld[];
}

export interface Suggester {
  add(record: DecisionRecord): void;
  suggest(): Suggestions;
}

/** Weighs what people decided, to find ALERT policies whose smaller lines they always granted. `tool`: of this one only. */
export function createSuggester(rules: TenantRules, terms: SuggestTerms = SUGGEST_TERMS, tool?: string): Suggester {
  const all: Evidence[] = [];
  let tooMuch = false;
  return {
    add(record) {
      const evidence = evidenceOf(record);
      if (evidence && all.length >= terms.evidenceMax) tooMuch = true;
      else if (evidence) all.push(evidence);
    },
    suggest() {
      const escalating = all.filter((one) => tool === undefined || one.tool === tool);
      const ids = [...new Set(escalating.flatMap(({ policies }) => policies))].sort();
      if (tooMuch) return { suggestions: [], withheld: ids.map((policy) => withhold(policy, 'too_much')) };
      const record: Recorded = { all, stamps: rubberStamps(all, terms), deniers: deniersIn(all), terms };
      const found = ids.map((id) => lookAt(id, rules, record));
      return {
        suggestions: found
          .flatMap((one) => ('why' in one ? [] : [one]))
          .sort((a, b) => b.would_save - a.would_save || (a.policy < b.policy ? -1 : 1)),
        withheld: found.flatMap((one) => ('why' in one ? [one] : [])),
      };
    },
  };
}

interface Recorded {
  readonly all: readonly Evidence[];
  readonly stamps: ReturnType<typeof rubberStamps>;
  readonly deniers: ReadonlySet<string>;
  readonly terms: SuggestTerms;
}

function lookAt(id: string, rules: TenantRules, record: Recorded): Suggestion | Withheld {
  const called = rules.policies.policies.filter((one) => one.id === id);
  const [compiled] = called;
  if (compiled === undefined) return withhold(id, 'gone');
  if (id.startsWith('approvalRules.')) return withhold(id, 'of_rules');
  if (called.length > 1) return withhold(id, 'shared_id');
  const { connector, tool, tools, limit, decision } = compiled.policy;
  if (decision !== 'ALERT' || compiled.escalation.mode !== 'hold') return withhold(id, 'not_hold');
  if (connector === undefined || tool === undefined || tools !== undefined) return withhold(id, 'several_tools');
  if (limit !== undefined) return withhold(id, 'has_limit');
  return weigh(compiled, { connector, tool }, record);
}

function weigh(
  compiled: CompiledPolicy,
  { connector, tool }: { readonly connector: string; readonly tool: string },
  { all, stamps, deniers, terms }: Recorded,
): Suggestion | Withheld {
  const { id, policy } = compiled;
  const ofTool = all.filter((one) => one.connector === connector && one.tool === tool && isBy(one, policy.operator));
  const own = ofTool.filter((one) => one.policies.includes(id) && selects(policy, one.value));
  const lone = own.filter(({ policies }) => policies.length === 1);
  const granted = lone.filter((one) => one.answer === 'granted');
  const careful = granted.filter((one) => !stamps.has(one));
  // Whoever escalated it, and however it was read: a no is a no.
  const denied = ofTool.filter(({ answer }) => answer === 'denied').map(({ value }) => value);
  const upTo = splitValue(
    careful.filter(({ hasValue }) => hasValue).map(({ value }) => value),
    denied,
  );
  const below = careful.filter(({ value }) => upTo !== undefined && value <= upTo);
  const people = new Set(below.flatMap(({ votes }) => votes.map(({ principal }) => principal)));
  const alone = people.size === 1 && ![...people].some((person) => deniers.has(person));
  const stamped = (why: string): number => granted.filter((one) => stamps.get(one) === why).length;
  const evidence: Weighed = {
    granted: alone ? 0 : below.length,
    people: people.size,
    denied: denied.length,
    lowest_denied: denied.length === 0 ? null : denied.reduce((a, b) => Math.min(a, b)),
    denial_rate_max: denialRateMax(alone ? 0 : below.length),
    set_aside: { too_fast: stamped('too_fast'), batch: stamped('batch'), one_person: alone ? below.length : 0 },
    undecided: own.filter(({ answer }) => answer === 'undecided').length,
    shared: own.length - lone.length,
  };
  // Where others escalate most of its lines, more grants would change nothing.
  const few = evidence.shared > lone.length ? 'several_alerts' : 'too_few';
  if (upTo === undefined) return withhold(id, careful.length === 0 ? few : whyNoSplit(careful, denied), evidence);
  if (alone) return withhold(id, 'one_person', evidence);
  if (below.length < terms.grantsMin) return withhold(id, few, evidence);
  const would_save = lone.filter(({ held, value }) => held && value <= upTo).length;
  return {
    ...splitPolicy(compiled, upTo),
    connector,
    tool,
    operator: policy.operator,
    up_to: upTo,
    evidence,
    would_save,
  };
}

function whyNoSplit(careful: readonly Evidence[], denied: readonly number[]): Withheld['why'] {
  return careful.every(({ hasValue }) => !hasValue) || denied.length === 0 ? 'no_value' : 'denied_low';
}

/** What the policy of now says nothing of is no evidence for it. */
function selects({ appliesUpTo, appliesAbove }: CompiledPolicy['policy'], value: number): boolean {
  return (appliesUpTo === undefined || value <= appliesUpTo) && (appliesAbove === undefined || value > appliesAbove);
}

const isBy = ({ operator }: Evidence, wanted: string | undefined) => wanted === undefined || operator === wanted;

function deniersIn(all: readonly Evidence[]): Set<string> {
  return new Set(
    all.flatMap(({ votes }) => votes.flatMap(({ vote, principal }) => (vote === 'deny' ? [principal] : []))),
  );
}

export function withhold(policy: string, why: Withheld['why'], evidence?: Weighed): Withheld {
  return { policy, why, message: WITHHELD[why], ...(evidence && { evidence }) };
}
