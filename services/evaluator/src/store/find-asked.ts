import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ApprovalStatus } from '@holdpoint/shared/domain/approval';
import { type Kysely, sql } from 'kysely';

/** The action that an approval asks about. */
export interface AskedAction {
  /** Null: the approval is a request that names no action. */
  readonly action: ActionRow | null;
  /** Of the question that is its last: an action may be asked about again, for more people. */
  readonly status: ApprovalStatus;
}

/** By an approval's id, of a tenant's operator. No lock: a pending one past its time reads as expired. */
export async function findAsked(
  db: Kysely<Database>,
  approvalId: string,
  { tenant, operator }: { readonly tenant: string; readonly operator: string },
): Promise<AskedAction | undefined> {
  const { rows } = await sql<ActionRow & { last_status: ApprovalStatus; id: string | null }>`
    SELECT a.*,
      CASE WHEN l.status = 'pending' AND l.expires_at <= clock_timestamp() THEN 'expired' ELSE l.status END AS last_status
    FROM approvals p LEFT JOIN actions a ON a.id = p.action JOIN approvals l ON l.id = coalesce(a.approval_id, p.id)
    WHERE p.id = ${approvalId}::uuid AND p.tenant = ${tenant} AND p.operator = ${operator}`.execute(db);
  const [found] = rows;
  if (!found) return undefined;
  const { last_status, ...action } = found;
  return { action: action.id === null ? null : action, status: last_status };
}
