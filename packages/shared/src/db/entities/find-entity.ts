import { type Kysely, sql } from 'kysely';
import type { EntityData } from '../../workspace/entity-db.ts';
import type { Database } from '../schema/index.ts';
import type { EntityPlace } from './entity-store.ts';

/** By its id; null where it is not known, deleted, or its time is up. Takes no lock. */
export async function findEntity(
  db: Kysely<Database>,
  { tenant, connector, entity }: EntityPlace,
  id: string,
): Promise<EntityData | null> {
  const { rows } = await sql<{ data: EntityData | null }>`
    SELECT data FROM entities
    WHERE tenant = ${tenant} AND connector = ${connector} AND entity = ${entity} AND id = ${id}
      AND expires_at > clock_timestamp()`.execute(db);
  return rows[0]?.data ?? null;
}
