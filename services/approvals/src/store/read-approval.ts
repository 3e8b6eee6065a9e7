import {
  type ApprovalView,
  type ReadApproval,
  toReadApproval,
  wholeColumns,
} from '@holdpoint/shared/db/approval-views';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/**
 * With all of its comments, and how long it has left by the database's clock. No lock. A pending one that is past its time reads
 * as expired, announced or not: expiry is exact at the API.
 */
export async function readApproval(
  db: Kysely<Database>,
  tenant: string,
  id: string,
): Promise<(ReadApproval & { readonly leftMs: number }) | undefined> {
  const { rows } = await sql<ApprovalView & { left_ms: number }>`
    SELECT ${wholeColumns}, (extract(epoch FROM p.expires_at - clock_timestamp()) * 1000)::float8 AS left_ms
    FROM approvals p WHERE p.id = ${id} AND p.tenant = ${tenant}`.execute(db);
  if (rows[0] === undefined) return undefined;
  const { left_ms: leftMs, ...view } = rows[0];
  return { ...toReadApproval(view), leftMs };
}
