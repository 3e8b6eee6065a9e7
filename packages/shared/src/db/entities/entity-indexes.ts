import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import type { EntityCatalog } from '../../domain/entity.ts';
import type { Database } from '../schema/index.ts';

const LOCK = 'holdpoint entity indexes';
const LOOK_AGAIN_MS = 500;
const PREFIX = 'entities_by_';

export interface EnsuredIndexes {
  readonly made: number;
  readonly dropped: number;
}

/**
 * Makes the indexes that connectors declare for their entities, and drops those that none declares any more, while everybody
 * reads and writes: `CREATE INDEX CONCURRENTLY` waits for all who read the table when it begins, so that one who waited for its
 * turn inside a statement would never get it; they ask again instead. One that was left half made is made anew. With the owner's
 * url, after the migrations; harmless when run again.
 */
export async function ensureEntityIndexes(ownerUrl: string, declared: EntityCatalog): Promise<EnsuredIndexes> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'holdpoint-entity-indexes' });
  await client.connect();
  try {
    while (!(await takesTurn(client))) await delay(LOOK_AGAIN_MS);
    const wanted = new Map(declaredIndexes(declared).map((index) => [index.name, index]));
    const there = await indexesOf(client);
    const gone = there.filter(({ name, valid }) => !valid || !wanted.has(name));
    for (const { name } of gone)
      await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${client.escapeIdentifier(name)}`);
    const kept = new Set(there.filter((one) => !gone.includes(one)).map(({ name }) => name));
    const missing = [...wanted.values()].filter(({ name }) => !kept.has(name));
    for (const index of missing) await client.query(creation(client, index));
    // The planner knows nothing of an expression before it is counted.
    if (missing.length > 0) await client.query('ANALYZE entities');
    return { made: missing.length, dropped: gone.length };
  } finally {
    await client.end();
  }
}

/** What is declared and not there, as `shop.orders (status, updated)`: to be warned of, for services may make none. */
export async function missingEntityIndexes(db: Kysely<Database>, declared: EntityCatalog): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT relname AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = 'entities'::regclass AND indisvalid`.execute(db);
  const there = new Set(rows.map(({ name }) => name));
  return declaredIndexes(declared)
    .filter(({ name }) => !there.has(name))
    .map(({ connector, entity, fields }) => `${connector}.${entity} (${fields.join(', ')})`);
}

interface DeclaredIndex {
  readonly name: string;
  readonly connector: string;
  readonly entity: string;
  readonly fields: readonly string[];
}

function declaredIndexes(declared: EntityCatalog): DeclaredIndex[] {
  const all = [...declared].flatMap(([connector, entities]) =>
    Object.entries(entities).flatMap(([entity, { indexes = [] }]) =>
      indexes.map((index) => {
        const fields = typeof index === 'string' ? [index] : index;
        return { name: nameOf(connector, entity, fields), connector, entity, fields };
      }),
    ),
  );
  return [...new Map(all.map((index) => [index.name, index])).values()];
}

/** The same for the same declaration, on every machine. */
function nameOf(connector: string, entity: string, fields: readonly string[]): string {
  return PREFIX + hash('sha256', JSON.stringify([connector, entity, fields]), 'hex').slice(0, 20);
}

/** Over the expressions that `entity-order.ts` asks by, and of the rows that `find-entities.ts` asks for. */
function creation(client: pg.Client, { name, connector, entity, fields }: DeclaredIndex): string {
  const keys = fields.map((field) => `entity_key(data -> ${client.escapeLiteral(field)})`);
  return `CREATE INDEX CONCURRENTLY IF NOT EXISTS ${client.escapeIdentifier(name)}
    ON entities (tenant, ${keys.join(', ')}, id)
    WHERE connector = ${client.escapeLiteral(connector)} AND entity = ${client.escapeLiteral(entity)} AND data IS NOT NULL`;
}

async function takesTurn(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS taken', [LOCK]);
  return rows[0]?.taken === true;
}

async function indexesOf(client: pg.Client): Promise<{ readonly name: string; readonly valid: boolean }[]> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(
    `SELECT relname AS name, indisvalid AS valid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = 'entities'::regclass AND relname LIKE $1`,
    [`${PREFIX.replaceAll('_', '\\_')}%`],
  );
  return rows;
}
