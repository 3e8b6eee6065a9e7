import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';

/** What people made of one line that was escalated to them. */
export interface Evidence {
  readonly actionId: string;
  readonly connector: string;
  readonly tool: string;
  readonly operator: string;
  /** No value counts as 0, as it does for policies. */
  readonly value: number;
  readonly hasValue: boolean;
  /** The ALERT policies that escalated it, sorted; none where its last decision escalates nothing. */
  readonly policies: readonly string[];
  /** Expired, withdrawn and open questions are undecided: silence is no evidence. */
  readonly answer: 'granted' | 'denied' | 'undecided';
  /** Whether it waited for the answer; else it ran beside the question. */
  readonly held: boolean;
  readonly votes: readonly EvidenceVote[];
}

export interface EvidenceVote {
  readonly principal: string;
  readonly vote: 'approve' | 'deny';
  readonly atMs: number;
  /** From when it could be read to the vote. */
  readonly tookMs: number;
}

/** undefined: nobody was asked about it. */
export function evidenceOf(record: DecisionRecord): Evidence | undefined {
  const { verdict, approvals } = record;
  if (approvals.length === 0) return undefined;
  // People answered a standing grant, and never saw this line.
  if (verdict.reasons.some(({ code }) => code === 'standing_grant')) return undefined;
  const escalated = verdict.reasons.flatMap(({ code, policy }) => (code === 'escalated' && policy ? [policy] : []));
  return {
    actionId: record.action_id,
    connector: record.connector,
    tool: record.tool,
    operator: record.operator,
    value: record.value ?? 0,
    hasValue: record.value !== null,
    policies: [...new Set(escalated)].sort(),
    answer: answerOf(record),
    held: approvals.some(({ mode }) => mode === 'hold'),
    votes: approvals.flatMap(({ created_at, votes }) =>
      votes.map(({ principal, vote, at }) => {
        const atMs = Date.parse(at);
        return { principal, vote, atMs, tookMs: atMs - Date.parse(created_at) };
      }),
    ),
  };
}

/** One no is a no, whatever came after it, and also where it took several. */
export function isSaidNoTo({ state, approvals }: DecisionRecord): boolean {
  if (state === 'denied') return true;
  return approvals.some(({ status, votes }) => status === 'denied' || votes.some(({ vote }) => vote === 'deny'));
}

/** A line that was asked about again is granted when every question was. */
function answerOf(record: DecisionRecord): Evidence['answer'] {
  const { approvals } = record;
  if (isSaidNoTo(record)) return 'denied';
  return approvals.every(({ status }) => status === 'granted') ? 'granted' : 'undecided';
}
