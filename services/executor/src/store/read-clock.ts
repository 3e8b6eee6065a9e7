import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** The database's time, in seconds since 1970. No lock. */
export async function readClock(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ now: number }>`SELECT extract(epoch FROM clock_timestamp())::float8 AS now`.execute(db);
  return rows[0]?.now ?? 0;
}
