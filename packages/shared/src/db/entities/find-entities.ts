import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../schema/index.ts';
import { EntityError } from './entity-error.ts';
import { afterPosition, fieldKey, type Ordered } from './entity-order.ts';
import type { EntityListing, EntityPlace, EntityRow } from './entity-store.ts';
import { testSql } from './entity-test.ts';

/** What a question may take of the database: one that reads a million rows by a field without an index is ended there. */
const QUERY_MAX_MS = 1_000;
const CANCELLED = '57014';

/**
 * Those of one kind that pass all tests, in order, from a position on. Takes no lock, and is ended after a second. One statement,
 * so that a row that moves meanwhile is not seen twice: what has a value in the first field of the order, then what has none;
 * each comes in the order of an index over that field, in either direction. @throws EntityError where it was ended
 */
export async function findEntities(
  db: Kysely<Database>,
  place: EntityPlace,
  listing: EntityListing,
): Promise<readonly EntityRow[]> {
  const query = findEntitiesSql(place, listing);
  try {
    const { rows } = await db.transaction().execute(async (tx) => {
      await sql`SELECT set_config('statement_timeout', ${String(QUERY_MAX_MS)}, true)`.execute(tx);
      return query.execute(tx);
    });
    return rows.toSorted((a, b) => a.part - b.part).map(({ id, data }) => ({ id, data }));
  } catch (error) {
    if ((error as { code?: unknown }).code !== CANCELLED) throw error;
    throw new EntityError(
      `findMany: took longer than ${QUERY_MAX_MS} ms: declare an index for the fields that are compared or ordered by`,
    );
  }
}

/** The statement: for plans to be looked at, too. */
export function findEntitiesSql(place: EntityPlace, listing: EntityListing): RawBuilder<EntityRow & { part: number }> {
  const { order, after, limit } = listing;
  const [first] = order;
  if (!first) return sql`${part(place, listing, 0, sql`true`, [])} LIMIT ${limit}`;
  const key = fieldKey(first.field);
  const rest = order.slice(1).map((one, index) => ({ ...one, nullable: true, after: after?.keys[index + 1] ?? null }));
  const valued: Ordered = { ...first, nullable: false, after: after?.keys[0] ?? null };
  const without = part(
    place,
    { ...listing, after: after?.keys[0] === null ? after : null },
    1,
    sql`${key} IS NULL`,
    rest,
  );
  if (after?.keys[0] === null) return sql`${without} LIMIT ${limit}`;
  const having = part(place, listing, 0, sql`${key} IS NOT NULL`, [valued, ...rest]);
  return sql`(${having} LIMIT ${limit}) UNION ALL (${without} LIMIT ${limit}) LIMIT ${limit}`;
}

/** Names stand as literals: only then does the planner see that a partial index covers them. */
function part(
  { tenant, connector, entity }: EntityPlace,
  { tests, order, after }: EntityListing,
  number: number,
  condition: RawBuilder<unknown>,
  ordered: readonly Ordered[],
): RawBuilder<EntityRow & { part: number }> {
  const idDirection = order.at(-1)?.direction ?? 'asc';
  const conditions = [condition, ...tests.map(testSql)];
  if (after) conditions.push(afterPosition(ordered, { direction: idDirection, after: after.id }));
  const columns = ordered.map(({ field, direction, nullable }) =>
    nullable ? sql`${fieldKey(field)} ${sql.raw(direction)} NULLS LAST` : sql`${fieldKey(field)} ${sql.raw(direction)}`,
  );
  return sql`SELECT id, data, ${sql.lit(number)}::int AS part FROM entities
    WHERE tenant = ${tenant} AND connector = ${sql.lit(connector)} AND entity = ${sql.lit(entity)} AND data IS NOT NULL
      AND expires_at > now() AND ${sql.join(conditions, sql` AND `)}
    ORDER BY ${sql.join([...columns, sql`id ${sql.raw(idDirection)}`])}`;
}
