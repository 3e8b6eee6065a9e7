import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

export type SweptStatus = 'pending' | 'ended';

/** An ending whose message was lost is told by this long after it; later it would only surprise. */
const ENDED_WITHIN_MINUTES = 10;

/**
 * One page of approvals that somebody may have to be told of, in order of id: all that are pending; or those that ended lately, of
 * which somebody was told before. No lock.
 */
export async function findUntold(
  db: Kysely<Database>,
  tenants: readonly string[],
  status: SweptStatus,
  after: string,
  limit: number,
): Promise<string[]> {
  const which =
    status === 'pending'
      ? sql`status = 'pending' AND expires_at > clock_timestamp()`
      : sql`decided_at > now() - ${ENDED_WITHIN_MINUTES} * interval '1 minute'
          AND EXISTS (SELECT 1 FROM notifications n WHERE n.approval = approvals.id)`;
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM approvals
    WHERE ${which} AND tenant = ANY (${tenants}::text[]) AND id > ${after}::uuid
    ORDER BY id LIMIT ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}
