import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** How many wait for a person, counted up to `max`: a gauge must not cost more the more there is to do. No lock. */
export async function countPending(db: Kysely<Database>, max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM (SELECT 1 FROM approvals WHERE status = 'pending' LIMIT ${max}) p`.execute(db);
  return rows[0]?.count ?? 0;
}
