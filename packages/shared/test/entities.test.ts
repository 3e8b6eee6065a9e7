import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { postgresEntities } from '@holdpoint/shared/db/entities/postgres-entities';
import { purgeEntities } from '@holdpoint/shared/db/entities/purge-entities';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EntityCatalog } from '@holdpoint/shared/domain/entity';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { EntityCollection } from '@holdpoint/shared/workspace/entity-db';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

let servers: TestServers;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 8 }));
});
afterAll(async () => {
  await db.destroy();
  await servers.stop();
});

const DECLARED: EntityCatalog = new Map([
  [
    'shop',
    {
      orders: {
        schema: z.object({ id: z.string(), status: z.string().default('open'), total: z.coerce.number().nullish() }),
      },
      carts: { schema: z.looseObject({ cart: z.number() }), key: 'cart', version: 'changed', keepDays: 3 },
      notes: { schema: z.looseObject({ id: z.string() }) },
    },
  ],
]);

function collection(entity: 'orders' | 'carts' | 'notes', tenant = 'acme'): EntityCollection {
  return createEntityDb(postgresEntities(db), tenant, DECLARED).shop?.[entity] as EntityCollection;
}

test('what a schema makes of an entity is kept, and what changes of it is laid over it', async () => {
  const orders = collection('orders');
  const where = { id: '7' };
  expect(await orders.findUnique({ where })).toBeNull();
  expect(await orders.upsert({ where, create: { id: '7', total: '5' }, update: { total: '9' } })).toEqual({
    stale: false,
  });
  expect(await orders.findUnique({ where })).toEqual({ id: '7', status: 'open', total: 5 });
  await orders.upsert({ where, create: { id: '7', total: '5' }, update: { total: '9' } });
  expect(await orders.findUnique({ where })).toEqual({ id: '7', status: 'open', total: 9 });
  await orders.upsert({ id: '7', status: 'paid' });
  expect(await orders.findUnique({ where })).toEqual({ id: '7', status: 'paid', total: 9 });
  await orders.upsert({ where, create: { id: '7' }, update: { total: null } });
  expect(await orders.findUnique({ where })).toEqual({ id: '7', status: 'paid', total: null });
});

test('another tenant, another entity and a longer id are strangers', async () => {
  await collection('orders').upsert({ id: 'own' });
  expect(await collection('orders', 'zeta').findUnique({ where: { id: 'own' } })).toBeNull();
  expect(await collection('notes').findUnique({ where: { id: 'own' } })).toBeNull();
  expect(await collection('orders').findUnique({ where: { id: 'own ' } })).toBeNull();
  expect([...(await collection('orders', 'zeta').findMany())]).toEqual([]);
});

test('a stale fact changes nothing and says so, and one that arrives later with the same version stands', async () => {
  const carts = collection('carts');
  const where = { cart: 1 };
  await carts.upsert({ cart: 1, changed: '2026-01-01T00:00:00.000002Z', by: 'result' });
  expect(await carts.upsert({ cart: 1, changed: '2026-01-01T01:00:00.000001+01:00', by: 'late webhook' })).toEqual({
    stale: true,
  });
  expect(await carts.findUnique({ where })).toMatchObject({ by: 'result' });
  expect(await carts.upsert({ cart: 1, changed: '2026-01-01T00:00:00.000002Z', by: 'webhook' })).toEqual({
    stale: false,
  });
  expect(await carts.findUnique({ where })).toMatchObject({ by: 'webhook' });
  expect(await carts.upsert({ where, create: { cart: 1 }, update: { by: 'told' }, version: 5 })).toEqual({
    stale: true,
  });
  expect(await carts.upsert({ cart: 1, by: 'without a version' })).toEqual({ stale: false });
  expect(await carts.upsert({ cart: 1, changed: '2025-12-31T23:59:59Z', by: 'older' })).toEqual({ stale: true });
});

test('what was deleted comes back by a newer fact alone', async () => {
  const carts = collection('carts');
  const where = { cart: 2 };
  await carts.upsert({ cart: 2, changed: 10, lines: 3 });
  expect(await carts.delete({ where, version: 9 })).toEqual({ stale: true });
  expect(await carts.delete({ where })).toEqual({ stale: false });
  expect(await carts.findUnique({ where })).toBeNull();
  expect(await carts.upsert({ cart: 2, changed: 10 })).toEqual({ stale: true });
  expect(await carts.findUnique({ where })).toBeNull();
  expect(await carts.upsert({ cart: 2, changed: 11 })).toEqual({ stale: false });
  expect(await carts.findUnique({ where })).toEqual({ cart: 2, changed: 11 });
  await carts.delete({ where: { cart: 3 }, version: 7 });
  expect(await carts.upsert({ cart: 3, changed: 6 })).toEqual({ stale: true });
});

test('what is not heard of for its time is not there, and goes with its tombstones', async () => {
  const [carts, orders] = [collection('carts', 'old'), collection('orders', 'old')];
  await carts.upsert({ cart: 1, changed: 5, a: 1 });
  await carts.delete({ where: { cart: 2 } });
  await orders.upsert({ id: '1' });
  const { rows } = await sql<{ days: number }>`
    SELECT round(extract(epoch FROM expires_at - seen_at) / 86400)::int AS days FROM entities WHERE tenant = 'old'
    ORDER BY days`.execute(db);
  expect(rows.map(({ days }) => days)).toEqual([3, 3, 90]);
  await sql`UPDATE entities SET expires_at = now() WHERE tenant = 'old' AND entity = 'carts'`.execute(db);
  expect(await carts.findUnique({ where: { cart: 1 } })).toBeNull();
  expect([...(await carts.findMany())]).toEqual([]);
  expect(await carts.upsert({ cart: 1, changed: 4, b: 2 })).toEqual({ stale: false });
  expect(await carts.findUnique({ where: { cart: 1 } })).toEqual({ cart: 1, changed: 4, b: 2 });
  expect(await purgeEntities(db, 10)).toBe(1);
  expect(await purgeEntities(db, 10)).toBe(0);
  expect(await orders.findUnique({ where: { id: '1' } })).not.toBeNull();
});

test('what is no entity, or names another than it is kept under, is refused with its reason', async () => {
  const orders = collection('orders');
  const refused = (change: object) => expect(orders.upsert(change as never)).rejects;
  await refused({ id: 5 }).toThrow(/^upsert; id: /);
  await refused({ id: '' }).toThrow(/id: must be a text of 1–255/);
  await refused({ where: { id: '1' }, create: { id: '2' }, update: {} }).toThrow(/not the same throughout/);
  await refused({ where: { id: '1' }, create: { id: '1' }, update: { id: '2' } }).toThrow(/not the same throughout/);
  await refused({ where: { id: '1', status: 'x' }, create: { id: '1' }, update: {} }).toThrow(/by id alone/);
  await refused({ where: { id: '1' }, create: { id: '1' }, update: {}, version: 'soon' }).toThrow(/version: must be/);
  await expect(collection('notes').upsert({ id: 'big', text: 'x'.repeat(33 * 1024) })).rejects.toThrow(/32768 bytes/);
  await collection('notes').upsert({ id: 'grows', a: 'x'.repeat(20 * 1024) });
  await expect(collection('notes').upsert({ id: 'grows', b: 'x'.repeat(20 * 1024) })).rejects.toThrow(/32768 bytes/);
  await collection('notes').upsert({ id: 'odd', text: 'a\0b\ud800' });
  expect(await collection('notes').findUnique({ where: { id: 'odd' } })).toEqual({ id: 'odd', text: 'a\ufffdb\ufffd' });
});

test('a connector or an entity that is not declared is named in the error', () => {
  const entities = createEntityDb(postgresEntities(db), 'acme', DECLARED);
  expect(() => entities.store).toThrow('there is no connector store here');
  expect(() => entities.shop?.parcels).toThrow('shop declares no entity parcels');
  expect(() => entities.shop?.toString).toThrow('shop declares no entity toString');
});

test('a cursor is of its own question', async () => {
  const notes = collection('notes', 'paged');
  for (const id of ['a', 'b', 'c']) await notes.upsert({ id, n: 1 });
  const { next } = await notes.findMany({ where: { n: 1 }, take: 1 });
  const cursor = next as string;
  expect([...(await notes.findMany({ where: { n: 1 }, take: 2, cursor }))].map(({ id }) => id)).toEqual(['b', 'c']);
  await expect(notes.findMany({ where: { n: 2 }, cursor })).rejects.toThrow('belongs to another where or orderBy');
  await expect(notes.findMany({ where: { n: 1 }, orderBy: { n: 'asc' }, cursor })).rejects.toThrow(
    'belongs to another',
  );
  await expect(collection('notes', 'else').findMany({ where: { n: 1 }, cursor })).rejects.toThrow('belongs to another');
  await expect(notes.findMany({ where: { n: 1 }, cursor: 'x' })).rejects.toThrow('is not one of ours');
});

test('a question outside its limits is refused by the name of what is wrong', async () => {
  const notes = collection('notes');
  const refused = (query: object) => expect(notes.findMany(query as never)).rejects;
  await refused({ take: 101 }).toThrow(/take/);
  await refused({ where: { a: { in: Array.from({ length: 101 }, (_, n) => n) } } }).toThrow(/where\.a\.in/);
  await refused({ where: { a: { like: 'x' } } }).toThrow(/where\.a\.like: unknown key/);
  await refused({ where: { "a' OR true": 1 } }).toThrow(/no plain name/);
  await refused({ where: { a: 'x'.repeat(501) } }).toThrow(/at most 500 bytes/);
  await refused({ orderBy: { a: 'up' } }).toThrow(/orderBy\.a/);
  await refused({ skip: 5 }).toThrow(/skip/);
});
