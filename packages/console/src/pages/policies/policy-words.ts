/** A compiled policy as `GET /v1/policies` shows it: what its author wrote, functions as their text. */
export interface ShownPolicy {
  readonly id: string;
  readonly decision: 'ALLOW' | 'ALERT' | 'BLOCK';
  readonly connector?: string;
  readonly tool?: string;
  readonly tools?: string | readonly string[];
  readonly operator?: string;
  readonly risk?: string;
  readonly appliesUpTo?: number;
  readonly appliesAbove?: number;
  readonly maxValue?: number;
  readonly expiresAt?: string;
  readonly when?: string;
  readonly predicate?: string;
  readonly limit?: { readonly count?: number; readonly total?: number; readonly per: string; readonly by: string };
  readonly escalation?: { readonly audience?: string; readonly quorum?: number; readonly mode?: string };
}

const DERIVED = { 'permissions.': 'from permissions', 'approvalRules.': 'from approval rules' } as const;

/** What wrote it, where no author did; undefined: an author. */
export function derivedFrom({ id }: Pick<ShownPolicy, 'id'>): string | undefined {
  return Object.entries(DERIVED).find(([prefix]) => id.startsWith(prefix))?.[1];
}

/** Which actions it speaks for. */
export function targetWords({
  connector,
  tool,
  tools,
  operator,
  risk,
  appliesUpTo,
  appliesAbove,
}: ShownPolicy): string {
  const globs = [tools ?? []].flat();
  const parts = [
    ...(connector === undefined ? [] : [connector]),
    ...(tool === undefined ? [] : [tool]),
    ...(globs.length === 0 ? [] : [globs.join(', ')]),
    ...(risk === undefined ? [] : [`of risk ${risk}`]),
    ...(operator === undefined ? [] : [`by operator ${operator}`]),
    ...(appliesAbove === undefined ? [] : [`over ${appliesAbove}`]),
    ...(appliesUpTo === undefined ? [] : [`up to ${appliesUpTo}`]),
  ];
  return parts.join(' ') || 'every action';
}

/** What it asks for beside. */
export function termsOf({ maxValue, limit, escalation, when, predicate, expiresAt }: ShownPolicy): string[] {
  return [
    ...(maxValue === undefined ? [] : [`at most ${maxValue}`]),
    ...(limit === undefined ? [] : [limitWords(limit)]),
    ...(escalation === undefined ? [] : [escalationWords(escalation)]),
    ...(when === undefined ? [] : [`when ${when}`]),
    ...(predicate === undefined ? [] : [`holds if ${predicate}`]),
    ...(expiresAt === undefined ? [] : [`until ${expiresAt}`]),
  ];
}

function limitWords({ count, total, per, by }: NonNullable<ShownPolicy['limit']>): string {
  const most = [
    ...(count === undefined ? [] : [`${count} actions`]),
    ...(total === undefined ? [] : [`${total} in all`]),
  ];
  return `at most ${most.join(' and ')} in ${per}, by ${by}`;
}

function escalationWords({ audience, quorum, mode }: NonNullable<ShownPolicy['escalation']>): string {
  const whom = audience ?? 'the default audience';
  return `asks ${quorum === undefined || quorum === 1 ? '' : `${quorum} of `}${whom}${mode === 'alongside' ? ', alongside' : ''}`;
}
