import {
  type ApprovalView,
  type ReadApproval,
  toReadApproval,
  wholeColumns,
} from '@holdpoint/shared/db/approval-views';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** With all of its comments. No lock. A pending one that is past its time reads as expired, announced or not: expiry is exact at the API. */
export async function readApproval(
  db: Kysely<Database>,
  tenant: string,
  id: string,
): Promise<ReadApproval | undefined> {
  const { rows } = await sql<ApprovalView>`
    SELECT ${wholeColumns} FROM approvals p WHERE p.id = ${id} AND p.tenant = ${tenant}`.execute(db);
  return rows[0] && toReadApproval(rows[0]);
}
