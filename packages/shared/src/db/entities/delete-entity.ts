import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema/index.ts';
import type { EntityPlace, EntityRemoval } from './entity-store.ts';

/**
 * Leaves a tombstone with the higher of both versions, also of what was never known: the fact that comes late may be the one that
 * made it. Takes the row's lock. False: what is known is newer.
 */
export async function deleteEntity(
  db: Kysely<Database>,
  { tenant, connector, entity }: EntityPlace,
  { id, version, keepDays }: EntityRemoval,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    INSERT INTO entities AS kept (tenant, connector, entity, id, data, version, expires_at)
    VALUES (${tenant}, ${connector}, ${entity}, ${id}, NULL, ${version}::numeric,
      clock_timestamp() + ${keepDays} * interval '1 day')
    ON CONFLICT (tenant, connector, entity, id) DO UPDATE SET
      data = NULL,
      version = CASE WHEN kept.expires_at <= clock_timestamp() THEN EXCLUDED.version
        ELSE coalesce(EXCLUDED.version, kept.version) END,
      seen_at = clock_timestamp(),
      expires_at = EXCLUDED.expires_at
    WHERE kept.expires_at <= clock_timestamp() OR coalesce(EXCLUDED.version >= kept.version, true)`.execute(db);
  return numAffectedRows === 1n;
}
