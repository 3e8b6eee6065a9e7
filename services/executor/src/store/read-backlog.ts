import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** How many rows wait to be relayed, and for how long the oldest has. No lock. */
export async function readBacklog(db: Kysely<Database>): Promise<{ rows: number; oldest_seconds: number }> {
  const { rows } = await sql<{ rows: number; oldest_seconds: number }>`
    SELECT count(*)::int AS rows,
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest_seconds
    FROM (SELECT created_at FROM outbox ORDER BY id LIMIT 10000) o`.execute(db);
  return rows[0] ?? { rows: 0, oldest_seconds: 0 };
}
