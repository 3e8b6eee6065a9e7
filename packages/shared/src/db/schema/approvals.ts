import type { ColumnType, Generated, Selectable } from 'kysely';
import type { ApprovalStatus, URGENCIES } from '../../domain/approval.ts';
import type { Requirement } from '../../domain/decision.ts';
import type { EscalationMode, Risk } from '../../domain/policy.ts';

export interface ApprovalTable {
  id: string;
  tenant: string;
  status: ApprovalStatus;
  action: string | null;
  plan_id: string | null;
  digest: string | null;
  connector: string | null;
  tool: string | null;
  args: ColumnType<unknown, string, never>;
  value: number | null;
  entity_key: string | null;
  risk: Risk | null;
  urgency: (typeof URGENCIES)[number];
  reason: string;
  subject: string | null;
  operator: string;
  agent: string | null;
  on_behalf_of: string | null;
  session_id: string | null;
  requester: string;
  requirements: ColumnType<Requirement[], string, never>;
  mode: EscalationMode;
  self_approval: boolean;
  expires_at: Date;
  spent_at: Date | null;
  trace_id: string | null;
  created_at: Generated<Date>;
  decided_at: Date | null;
  erased_at: Generated<Date | null>;
  denials: Generated<number>;
  remind_every_seconds: Generated<number | null>;
  next_reminder_at: Generated<Date | null>;
  reminders: Generated<number>;
  escalates_at: Generated<Date | null>;
  escalated_at: Generated<Date | null>;
  standing_grant_id: Generated<string | null>;
}
export type ApprovalRow = Selectable<ApprovalTable>;

export interface VoteTable {
  approval: string;
  principal: string;
  vote: 'approve' | 'deny';
  audiences: ColumnType<string[], string, never>;
  comment: string | null;
  at: Generated<Date>;
  name: Generated<string | null>;
}
export type VoteRow = Selectable<VoteTable>;

export interface ApprovalCommentTable {
  id: string;
  approval: string;
  principal: string;
  name: string | null;
  text: string;
  at: Generated<Date>;
}

/** Kept by triggers of the approvals, for their lists; a service reads it alone. */
export interface ApprovalAudienceTable {
  approval: ColumnType<string, never, never>;
  audience: ColumnType<string, never, never>;
  tenant: ColumnType<string, never, never>;
  status: ColumnType<ApprovalStatus, never, never>;
}
