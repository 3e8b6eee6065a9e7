import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** How many are to be sent, counted up to `max`, and for how long the oldest of these has waited. No lock. */
export async function countNotifications(
  db: Kysely<Database>,
  max: number,
): Promise<{ readonly due: number; readonly oldestSeconds: number }> {
  const { rows } = await sql<{ due: number; oldest: number }>`
    SELECT count(*) AS due, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest
    FROM (SELECT created_at FROM notifications WHERE state = 'due' LIMIT ${max}) n`.execute(db);
  return { due: rows[0]?.due ?? 0, oldestSeconds: rows[0]?.oldest ?? 0 };
}
