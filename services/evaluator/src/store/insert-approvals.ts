import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import type { NewApproval } from '../core/approval-request.ts';

/** Opens approvals, with the votes of those that open decided. One open question an action: the unique index refuses a second. */
export async function insertApprovals(tx: Transaction<Database>, approvals: readonly NewApproval[]): Promise<void> {
  if (approvals.length === 0) return;
  await sql`
    INSERT INTO approvals (id, tenant, status, action, plan_id, digest, connector, tool, args, value, entity_key, risk,
      urgency, reason, subject, operator, agent, on_behalf_of, session_id, requester, requirements, mode, self_approval,
      created_at, expires_at, trace_id, denials, remind_every_seconds, next_reminder_at, escalates_at,
      decided_at, standing_grant_id)
    SELECT id, tenant, status, action, plan_id, digest, connector, tool, args, value, entity_key, risk,
      urgency, reason, subject, operator, agent, on_behalf_of, session_id, requester, requirements, mode, self_approval,
      created_at, expires_at, trace_id, denials, remind_every_seconds,
      created_at + remind_every_seconds * interval '1 second', next_escalation(requirements, created_at), decided_at, standing_grant_id
    FROM jsonb_to_recordset(${JSON.stringify(approvals)}::jsonb) AS a (id uuid, tenant text, status text, action uuid, plan_id text,
      digest text, connector text, tool text, args jsonb, value double precision, entity_key text, risk text, urgency text,
      reason text, subject text, operator text, agent text, on_behalf_of text, session_id text, requester text,
      requirements jsonb, mode text, self_approval boolean, created_at timestamptz, expires_at timestamptz,
      trace_id text, denials smallint, remind_every_seconds integer, decided_at timestamptz, standing_grant_id uuid)`.execute(
    tx,
  );
  const votes = approvals.flatMap((approval) => approval.votes);
  if (votes.length === 0) return;
  await sql`
    INSERT INTO votes (approval, principal, name, vote, audiences, comment, at)
    SELECT approval, principal, name, vote, audiences, comment, at FROM jsonb_to_recordset(${JSON.stringify(votes)}::jsonb)
      AS v (approval uuid, principal text, name text, vote text, audiences jsonb, comment text, at timestamptz)`.execute(
    tx,
  );
}
