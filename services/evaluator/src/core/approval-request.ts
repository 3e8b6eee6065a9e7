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
  readonly trace_id: string | null;
}

/** What of an approval follows from the escalation and the risk of what is asked. */
export function askOf(escalation: Escalation, risk: Risk | null, target: string, atMs: number) {
  return {
    reason: escalation.reasons.length > 0 ? escalation.reasons.join('; ') : `${target} asks for a person's decision`,
    urgency: risk === 'destructive' ? ('high' as const) : ('medium' as const),
    mode: escalation.mode,
    self_approval: escalation.self_approval,
    created_at: new Date(atMs).toISOString(),
    expires_at: new Date(atMs + escalation.ttl_seconds * 1000).toISOString(),
  };
}

/** The wire's shape of an approval that nobody has voted on. */
export function toApproval(request: NewApproval): Approval {
  const { action, requester: _requester, trace_id: _trace, ...rest } = request;
  return {
    ...rest,
    action_id: action,
    requirements: [...request.requirements],
    status: 'pending',
    votes: [],
    decided_at: null,
  };
}
