import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Whose trace an approval belongs to; `plan_id` is null for one that was asked for on its own. */
export interface ApprovalTrace {
  readonly trace_id: string;
  readonly operator: string;
  readonly plan_id: string | null;
}

/** No lock. */
export async function readTrace(
  db: Kysely<Database>,
  tenant: string,
  approvalId: string,
): Promise<ApprovalTrace | undefined> {
  const { rows } = await sql<ApprovalTrace>`
    SELECT trace_id, operator, plan_id FROM approvals
    WHERE id = ${approvalId} AND tenant = ${tenant} AND trace_id IS NOT NULL`.execute(db);
  return rows[0];
}
