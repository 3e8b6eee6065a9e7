import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema/index.ts';

/** Removes those whose time is up, tombstones too, at most `limit`; passes over what another removes. Returns how many went. */
export async function purgeEntities(db: Kysely<Database>, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM entities WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM entities WHERE expires_at <= clock_timestamp() ORDER BY expires_at
      LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(db);
  return Number(numAffectedRows ?? 0);
}
