import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema/index.ts';
import type { EntityPlace, EntityWrite } from './entity-store.ts';
import { TooLarge } from './plain-object.ts';

/**
 * One statement, which takes the row's lock: of those that race each compares its version with what the one before left. What is
 * older changes nothing, and a deleted one comes back by a newer version alone: its last facts may come once more. A row whose
 * time is up is as one that is not there. False: it is stale. @throws TooLarge where what is merged is
 */
export async function upsertEntity(
  db: Kysely<Database>,
  { tenant, connector, entity }: EntityPlace,
  { id, create, createVersion, patch, patchVersion, keepDays }: EntityWrite,
): Promise<boolean> {
  const statement = sql`
    INSERT INTO entities AS kept (tenant, connector, entity, id, data, version, expires_at)
    VALUES (${tenant}, ${connector}, ${entity}, ${id}, ${JSON.stringify(create)}::jsonb, ${createVersion}::numeric,
      clock_timestamp() + ${keepDays} * interval '1 day')
    ON CONFLICT (tenant, connector, entity, id) DO UPDATE SET
      data = CASE WHEN kept.data IS NULL OR kept.expires_at <= clock_timestamp() THEN EXCLUDED.data
        ELSE kept.data || ${JSON.stringify(patch)}::jsonb END,
      version = CASE WHEN kept.expires_at <= clock_timestamp() THEN EXCLUDED.version
        WHEN kept.data IS NULL THEN coalesce(EXCLUDED.version, kept.version)
        ELSE coalesce(${patchVersion}::numeric, kept.version) END,
      seen_at = clock_timestamp(),
      expires_at = EXCLUDED.expires_at
    WHERE kept.expires_at <= clock_timestamp() OR CASE WHEN kept.data IS NULL
      THEN coalesce(EXCLUDED.version > kept.version, true)
      ELSE coalesce(${patchVersion}::numeric >= kept.version, true) END`;
  try {
    const { numAffectedRows } = await statement.execute(db);
    return numAffectedRows === 1n;
  } catch (error) {
    if ((error as { constraint?: unknown }).constraint === 'entities_data_size') throw new TooLarge();
    throw error;
  }
}
