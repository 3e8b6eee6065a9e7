import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { ensureEntityIndexes, missingEntityIndexes } from '@holdpoint/shared/db/entities/entity-indexes';
import { entityKey } from '@holdpoint/shared/db/entities/entity-key';
import { findEntitiesSql } from '@holdpoint/shared/db/entities/find-entities';
import { postgresEntities } from '@holdpoint/shared/db/entities/postgres-entities';
import { readQuery } from '@holdpoint/shared/db/entities/read-query';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EntityCatalog } from '@holdpoint/shared/domain/entity';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

let servers: TestServers;
let db: Kysely<Database>;
let owner: Kysely<Database>;

const schema = z.looseObject({ id: z.string() });
const catalog = (...indexes: (string | string[])[]): EntityCatalog =>
  new Map([['shop', { orders: { schema, indexes }, carts: { schema } }]]);
const DECLARED = catalog('total', 'seller', ['status', 'updated']);
const OTHERS = 200_000;
const OWN = 2_000;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  const database = (url: string, max: number) =>
    createDatabase<Database>(createPool({ url, applicationName: 'test', max, statementTimeoutMs: 60_000 }));
  db = database(servers.databaseUrl, 4);
  owner = database(servers.databaseOwnerUrl, 2);
  await ensureEntityIndexes(servers.databaseOwnerUrl, DECLARED);
  await fill('big', OTHERS);
  await fill('acme', OWN);
  await sql`VACUUM ANALYZE entities`.execute(owner);
}, 120_000);
afterAll(async () => {
  await Promise.all([db.destroy(), owner.destroy()]);
  await servers.stop();
});

/** Most of an answer's rows in one status, totals that are all different, and some without any. */
async function fill(tenant: string, count: number): Promise<void> {
  await sql`
    INSERT INTO entities (tenant, connector, entity, id, data, expires_at)
    SELECT ${tenant}, 'shop', 'orders', 'o' || n, jsonb_build_object('id', 'o' || n, 'total', CASE WHEN n % 10 > 0 THEN n END,
      'seller', 'seller-' || n % 500, 'status', CASE WHEN n % 20 = 0 THEN 'open' ELSE 'closed' END, 'updated', n, 'note', repeat('x', 100)),
      now() + interval '1 day'
    FROM generate_series(1, ${count}) n`.execute(owner);
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: Plan[];
}

/** How a question of findMany is answered: the nodes of its plan. */
async function planOf(query: object, tenant = 'acme'): Promise<Plan[]> {
  const place = { tenant, connector: 'shop', entity: 'orders' };
  const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`
    EXPLAIN (ANALYZE, FORMAT JSON) ${findEntitiesSql(place, readQuery(place, query).listing)}`.execute(db);
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
  return nodes(rows[0]?.['QUERY PLAN'][0].Plan as Plan);
}

/** Rows that were looked at, whether they were shown or not. */
const looked = (plan: readonly Plan[]) =>
  plan
    .filter((node) => node['Index Name'] || node['Node Type'].includes('Seq Scan'))
    .reduce(
      (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    );

test.for([
  ['a lookup', { where: { seller: 'seller-7' } }, 10],
  ['several values', { where: { seller: { in: ['seller-7', 'seller-8'] } } }, 20],
  ['a range', { where: { total: { gt: 1_500, lte: 1_520 } }, orderBy: { total: 'asc' } }, 60],
  ['a beginning', { where: { seller: { startsWith: 'seller-49' } } }, 120],
  ['an order', { orderBy: { total: 'asc' }, take: 20 }, 60],
  ['an order from the end', { orderBy: { total: 'desc' }, take: 20 }, 60],
  ['a lookup in the order of another field', { where: { status: 'open' }, orderBy: { updated: 'desc' }, take: 20 }, 60],
  ['what has no value', { where: { total: null }, take: 20 }, 220],
] as const)(
  '%s of declared fields is answered by their index, beside another tenant’s 200,000',
  async ([, query, most]) => {
    const plan = await planOf(query);
    expect(plan.filter((node) => node['Node Type'].includes('Seq Scan'))).toEqual([]);
    expect(plan.some((node) => node['Index Name']?.startsWith('entities_by_'))).toBe(true);
    expect(looked(plan)).toBeLessThanOrEqual(most);
  },
);

test('the last page of 200,000 costs what the first does, in both directions', async () => {
  const place = { tenant: 'big', connector: 'shop', entity: 'orders' };
  const orders = createEntityDb(postgresEntities(db), 'big', DECLARED).shop?.orders;
  for (const direction of ['asc', 'desc'] as const) {
    const orderBy = { total: direction };
    const edge = direction === 'asc' ? { gt: OTHERS - 200 } : { lt: 200 };
    const page = await orders?.findMany({ where: { total: edge }, orderBy, take: 50 });
    expect(page).toHaveLength(50);
    // The same place in the question about all of them.
    const { listing } = readQuery(place, { orderBy, take: 50 });
    const last = page?.at(-1) as { id: string; total: number };
    const after = { id: last.id, keys: [entityKey(last.total)] };
    const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`
      EXPLAIN (ANALYZE, FORMAT JSON) ${findEntitiesSql(place, { ...listing, after })}`.execute(db);
    const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
    expect(looked(nodes(rows[0]?.['QUERY PLAN'][0].Plan as Plan))).toBeLessThanOrEqual(110);
  }
});

test('a question that takes longer than a second is ended with advice, and what is found by id waits for none of it', async () => {
  const orders = createEntityDb(postgresEntities(db), 'big', DECLARED).shop?.orders;
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const locking = owner.transaction().execute(async (tx) => {
    await sql`LOCK TABLE entities IN ACCESS EXCLUSIVE MODE`.execute(tx);
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  const asked = Array.from({ length: 4 }, () => orders?.findMany({ where: { note: { contains: 'y' } } }));
  for (const one of await Promise.allSettled(asked)) {
    expect(one).toMatchObject({
      reason: { message: expect.stringMatching(/took longer than 1000 ms: declare an index/) },
    });
  }
  const found = orders?.findUnique({ where: { id: 'o7' } });
  held.resolve();
  await locking;
  expect(await found).toMatchObject({ id: 'o7' });
}, 30_000);

test('indexes follow what is declared: made once, dropped when it is gone, made anew when left half made', async () => {
  const url = servers.databaseOwnerUrl;
  const ofSeller = async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT indexname AS name FROM pg_indexes WHERE tablename = 'entities' AND indexdef LIKE '%seller%'`.execute(db);
    return rows.map(({ name }) => name);
  };
  expect(await ensureEntityIndexes(url, DECLARED)).toEqual({ made: 0, dropped: 0 });
  expect(await missingEntityIndexes(db, catalog('total', 'colour'))).toEqual(['shop.orders (colour)']);
  const [name = ''] = await ofSeller();
  expect(await ensureEntityIndexes(url, catalog('total'))).toEqual({ made: 0, dropped: 2 });
  expect(await ofSeller()).toEqual([]);
  // A unique one over what is not unique breaks off, and stays behind as not valid.
  const broken = sql`CREATE UNIQUE INDEX CONCURRENTLY ${sql.id(name)} ON entities (tenant)`.execute(owner);
  await expect(broken).rejects.toThrow('could not create unique index');
  expect(await missingEntityIndexes(db, DECLARED)).toContain('shop.orders (seller)');
  const [one, other] = await Promise.all([ensureEntityIndexes(url, DECLARED), ensureEntityIndexes(url, DECLARED)]);
  expect({ made: one.made + other.made, dropped: one.dropped + other.dropped }).toEqual({ made: 2, dropped: 1 });
  expect(await missingEntityIndexes(db, DECLARED)).toEqual([]);
  expect(await ofSeller()).toEqual([name]);
}, 60_000);
