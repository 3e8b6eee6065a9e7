import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Escalation, Requirement } from '@holdpoint/shared/domain/decision';
import type { EscalationMode, Risk } from '@holdpoint/shared/domain/policy';

/** An approval to be opened for an action. Times are the database's. */
export interface NewApproval {
  readonly id: string;
  readonly tenant: string;
  readonly action: string;
  readonly plan_id: string;
  readonly digest: string;
  readonly connector: string;
  readonly tool: string;
  readonly args: unknown;
  readonly value: number | null;
  readonly entity_key: string | null;
  readonly risk: Risk | null;
  readonly urgency: Approval['urgency'];
  readonly reason: string;
  readonly subject: string;
  readonly operator: string;
  readonly agent: string | null;
  readonly on_behalf_of: string | null;
  readonly session_id: string | null;
  readonly requester: string;
  readonly requirements: readonly Requirement[];
  readonly mode: EscalationMode;
  readonly self_approval: boolean;
  readonly created_at: string;
  readonly expires_at: string;
  readonly denials: number;
  readonly remind_every_seconds: number | null;
  readonly trace_id: string | null;
  /** Granted where grants in advance decided it: then it has votes, and says what it spends. */
  readonly status: 'pending' | 'granted';
  readonly decided_at: string | null;
  readonly standing_grant_id: string | null;
  readonly votes: readonly NewVote[];
  readonly spends: readonly { readonly standing_grant: string; readonly uses_left: number }[];
}

/** A vote of somebody who was not asked, for they had answered before. */
export interface NewVote {
  readonly approval: string;
  readonly principal: string;
  readonly name: string;
  readonly vote: 'approve';
  readonly audiences: readonly string[];
  readonly comment: string;
  readonly at: string;
}

/** What an approval begins with that people are to decide. */
export const UNDECIDED = {
  status: 'pending',
  decided_at: null,
  standing_grant_id: null,
  votes: [],
  spends: [],
} as const;

/** What of an approval follows from the escalation and the risk of what is asked. */
export function askOf(escalation: Escalation, risk: Risk | null, target: string, atMs: number) {
  return {
    reason: escalation.reasons.length > 0 ? escalation.reasons.join('; ') : `${target} asks for a person's decision`,
    urgency: risk === 'destructive' ? ('high' as const) : ('medium' as const),
    mode: escalation.mode,
    self_approval: escalation.self_approval,
    created_at: new Date(atMs).toISOString(),
    expires_at: new Date(atMs + escalation.ttl_seconds * 1000).toISOString(),
    denials: escalation.denials ?? 1,
    remind_every_seconds: escalation.remind_every_seconds ?? null,
  };
}

/** The wire's shape of an approval as it opens. */
export function toApproval(request: NewApproval): Approval {
  const { action, requester: _requester, trace_id: _trace, spends: _spends, standing_grant_id, ...rest } = request;
  return {
    ...rest,
    action_id: action,
    requirements: [...request.requirements],
    on_behalf_of_verified: false,
    escalated_at: null,
    reminders: 0,
    comments: [],
    comment_count: 0,
    votes: request.votes.map(({ approval: _id, audiences: [audience = ''], ...vote }) => ({ ...vote, audience })),
    ...(standing_grant_id !== null && { standing_grant_id }),
  };
}
