import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema/index.ts';

/** Of each kind so many are counted, and no more. */
const COUNT_MAX = 1_000;

export interface EntityCount {
  readonly connector: string;
  readonly entity: string;
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
}

/** How many of each of these kinds a tenant has, up to a thousand each. Takes no lock. */
export async function countEntities(
  db: Kysely<Database>,
  tenant: string,
  kinds: readonly { readonly connector: string; readonly entity: string }[],
): Promise<EntityCount[]> {
  const { rows } = await sql<{ place: string; count: number }>`
    SELECT place::text, (SELECT count(*)::int FROM (
      SELECT 1 FROM entities WHERE tenant = ${tenant} AND connector = kind.connector AND entity = kind.entity
        AND data IS NOT NULL AND expires_at > now() LIMIT ${COUNT_MAX + 1}) AS counted) AS count
    FROM unnest(${kinds.map(({ connector }) => connector)}::text[], ${kinds.map(({ entity }) => entity)}::text[])
      WITH ORDINALITY AS kind (connector, entity, place) ORDER BY place`.execute(db);
  return kinds.map((kind, index) => {
    const found = rows[index]?.count ?? 0;
    return { ...kind, count: Math.min(found, COUNT_MAX), more: found > COUNT_MAX };
  });
}
