import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import type { NewApproval } from '../core/approval-request.ts';

/** Opens approvals. One open question an action: the unique index refuses a second. */
export async function insertApprovals(tx: Transaction<Database>, approvals: readonly NewApproval[]): Promise<void> {
  if (approvals.length === 0) return;
  await sql`
    INSERT INTO approvals (id, tenant, status, action, plan_id, digest, connector, tool, args, value, entity_key, risk,
      urgency, reason, subject, operator, agent, on_behalf_of, session_id, requester, requirements, mode, self_approval,
      created_at, expires_at, trace_id)
    SELECT id, tenant, 'pending', action, plan_id, digest, connector, tool, args, value, entity_key, risk,
      urgency, reason, subject, operator, agent, on_behalf_of, session_id, requester, requirements, mode, self_approval,
      created_at, expires_at, trace_id
    FROM jsonb_to_recordset(${JSON.stringify(approvals)}::jsonb) AS a (id uuid, tenant text, action uuid, plan_id text,
      digest text, connector text, tool text, args jsonb, value double precision, entity_key text, risk text, urgency text,
      reason text, subject text, operator text, agent text, on_behalf_of text, session_id text, requester text,
      requirements jsonb, mode text, self_approval boolean, created_at timestamptz, expires_at timestamptz,
      trace_id text)`.execute(tx);
}
