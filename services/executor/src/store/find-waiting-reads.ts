import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Reads that may run now and have waited for a while, in order of id. No lock. */
export async function findWaitingReads(
  db: Kysely<Database>,
  query: { readonly after: string; readonly limit: number; readonly minAgeMs: number },
): Promise<{ action_id: string; tenant: string; connector: string }[]> {
  const { rows } = await sql<{ action_id: string; tenant: string; connector: string }>`
    SELECT a.id AS action_id, a.tenant, a.connector FROM actions a
    WHERE a.state = 'queued' AND a.lane_seq IS NULL AND a.risk = 'read' AND a.id > ${query.after}::uuid
      AND a.updated_at <= clock_timestamp() - ${query.minAgeMs}::int * interval '1 millisecond'
      AND (a.next_attempt_at IS NULL OR a.next_attempt_at <= clock_timestamp())
      AND NOT action_frozen(a.tenant, a.operator, a.connector, a.tool)
    ORDER BY a.id LIMIT ${query.limit}::int`.execute(db);
  return rows;
}
