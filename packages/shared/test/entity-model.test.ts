import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import type { EntityStore } from '@holdpoint/shared/db/entities/entity-store';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { postgresEntities } from '@holdpoint/shared/db/entities/postgres-entities';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { EntityCatalog } from '@holdpoint/shared/domain/entity';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { EntityCollection, EntityQuery } from '@holdpoint/shared/workspace/entity-db';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

let servers: TestServers;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 20 }));
});
afterAll(async () => {
  await db.destroy();
  await servers.stop();
});

const schema = z.looseObject({ id: z.string() });
const DECLARED: EntityCatalog = new Map([['shop', { orders: { schema, version: 'v' }, notes: { schema } }]]);
const collection = (store: EntityStore, tenant: string, entity: string) =>
  createEntityDb(store, tenant, DECLARED).shop?.[entity] as EntityCollection;

const FIELDS = ['a', 'b', 'c'] as const;
const id = fc.constantFrom('1', '2', '3', '10', 'é', 'z', '\u{10000}', '\uffff');
const text = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'b', 'B', 'é', '\u{10000}', '\uffff', 'a%', 'a_'),
  fc.string({ maxLength: 4, unit: 'binary' }).map((one) => one.replaceAll('\0', '')),
);
const long = fc
  .tuple(fc.constantFrom('x'.repeat(511), 'x'.repeat(512), 'é'.repeat(256)), text)
  .map((parts) => parts.join(''));
const number = fc.oneof(
  fc.constantFrom(0, -1, 1, 2, 10, 1.5, -0.5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const scalar = fc.oneof(text, number, fc.boolean());
const value = fc.oneof(scalar, scalar, long, fc.constant(null), fc.constantFrom([1], [], { a: 1 }));
const fields = fc.record(Object.fromEntries(FIELDS.map((field) => [field, value])), { requiredKeys: [] });
const version = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });

const operators = fc.oneof(
  scalar,
  fc.constant(null),
  fc.record(
    {
      not: fc.option(scalar),
      in: fc.array(scalar, { maxLength: 4 }),
      contains: text,
      startsWith: text,
      gt: scalar,
      gte: scalar,
      lt: scalar,
      lte: scalar,
    },
    { requiredKeys: [] },
  ),
);
const query = fc.record({
  where: fc.record(Object.fromEntries(FIELDS.map((field) => [field, operators])), { requiredKeys: [] }),
  orderBy: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...FIELDS, 'id'), fc.constantFrom('asc', 'desc')), {
      maxLength: 3,
      selector: ([field]) => field,
    })
    .map((order) => Object.fromEntries(order)),
  take: fc.integer({ min: 1, max: 4 }),
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), id, fields, v: version }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('change' as const), id, fields, update: fields, v: version, version }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), id, version }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('find' as const), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('list' as const), query }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(
  fc.record({ tenant: fc.constantFrom('one', 'two'), entity: fc.constantFrom('orders', 'notes'), step }),
  { minLength: 4, maxLength: 30 },
);

/** Rows that are alike in much: orders by several fields have ties to break. */
const few = fc.constantFrom(null, 'a', 'b', 1, 2, true);
const alike = fc.array(fc.record(Object.fromEntries(FIELDS.map((field) => [field, few])), { requiredKeys: [] }), {
  minLength: 12,
  maxLength: 24,
});

/** All pages, one after another. */
async function listed(kind: EntityCollection, asked: EntityQuery): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<EntityCollection['findMany']>> = await kind.findMany({ ...asked, cursor });
    pages.push([...page]);
    cursor = page.next;
  } while (cursor !== null);
  return pages;
}

function take(kind: EntityCollection, one: Step): Promise<unknown> {
  switch (one.do) {
    case 'put':
      return kind.upsert({ id: one.id, ...one.fields, ...(one.v !== undefined && { v: one.v }) });
    case 'change':
      return kind.upsert({
        where: { id: one.id },
        create: { id: one.id, ...one.fields },
        update: { ...one.update, ...(one.v !== undefined && { v: one.v }) },
        ...(one.version !== undefined && { version: one.version }),
      });
    case 'delete':
      return kind.delete({ where: { id: one.id }, ...(one.version !== undefined && { version: one.version }) });
    case 'find':
      return kind.findUnique({ where: { id: one.id } });
    case 'list':
      return listed(kind, one.query as EntityQuery);
    default:
      return one satisfies never;
  }
}

test('whatever is written and asked, Postgres answers as a Map would', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(steps, alike, fc.array(query, { minLength: 2, maxLength: 6 }), async (all, rows, queries) => {
      runs += 1;
      const model = memoryEntities();
      for (const { tenant, entity, step: one } of all) {
        const real = await take(collection(postgresEntities(db), `${tenant}-${runs}`, entity), one);
        const expected = await take(collection(model, `${tenant}-${runs}`, entity), one);
        expect(real, JSON.stringify(one)).toEqual(expected);
      }
      const [real, expected] = [postgresEntities(db), model].map((store) => collection(store, `one-${runs}`, 'notes'));
      for (const kind of [real, expected]) {
        await Promise.all(rows.map((row, index) => kind?.upsert({ id: `s${index}`, ...row })));
      }
      for (const { where, orderBy } of queries) {
        for (const asked of [
          { orderBy, take: 5 },
          { where, orderBy },
        ] as EntityQuery[]) {
          const pages = [real, expected].map((kind) => listed(kind as EntityCollection, asked));
          expect(await pages[0], JSON.stringify(asked)).toEqual(await pages[1]);
        }
      }
    }),
    { numRuns: 150, interruptAfterTimeLimit: 100_000 },
  );
  expect(runs).toBeGreaterThan(50);
}, 200_000);

test('of 20 that write one entity with different versions in any order the highest stands, 200 times over', async () => {
  const orders = collection(postgresEntities(db), 'races', 'orders');
  for (let round = 0; round < 200; round += 1) {
    const versions = Array.from({ length: 20 }, (_, v) => v).sort(() => Math.random() - 0.5);
    const entity = `r${round}`;
    await Promise.all(
      versions.map((v) =>
        v === 10 && round % 2 === 0
          ? orders.delete({ where: { id: entity }, version: v })
          : orders.upsert({ id: entity, v, by: `writer ${v}` }),
      ),
    );
    expect(await orders.findUnique({ where: { id: entity } })).toEqual({ id: entity, v: 19, by: 'writer 19' });
  }
}, 60_000);

test('of those that race what each changes of one entity none is lost', async () => {
  const notes = collection(postgresEntities(db), 'races', 'notes');
  for (let round = 0; round < 20; round += 1) {
    const where = { id: `m${round}` };
    const names = Array.from({ length: 20 }, (_, n) => `f${n}`);
    await Promise.all(
      names.map((name) => notes.upsert({ where, create: { ...where, [name]: 1 }, update: { [name]: 1 } })),
    );
    const found = await notes.findUnique({ where });
    expect(
      Object.keys(found ?? {})
        .filter((name) => name !== 'id')
        .sort(),
    ).toEqual(names.toSorted());
  }
});

test('pages show once each what is there all along, while others come, go and move past them', async () => {
  const notes = collection(postgresEntities(db), 'moving', 'notes');
  const steady = Array.from({ length: 60 }, (_, n) => ({ id: `s${n}`, place: n % 7 === 0 ? null : n }));
  for (const one of steady) await notes.upsert(one);
  let done = false;
  const restless = async (name: string) => {
    for (let turn = 0; !done; turn += 1) {
      await notes.upsert({ id: name, place: turn % 3 === 0 ? null : (turn * 17) % 60, restless: true });
      if (turn % 5 === 0) await notes.delete({ where: { id: name } });
    }
  };
  const others = ['x1', 'x2', 'x3', 'x4'].map(restless);
  for (const direction of ['asc', 'desc'] as const) {
    for (let round = 0; round < 15; round += 1) {
      const pages = await listed(notes, { orderBy: { place: direction }, take: 7 });
      const seen = pages.flat().filter((one) => !(one as { restless?: boolean }).restless);
      const order = (n: number | null) => (n === null ? Number.POSITIVE_INFINITY : direction === 'asc' ? n : -n);
      expect(new Set(seen.map((one) => (one as { id: string }).id)).size).toBe(seen.length);
      expect(seen).toHaveLength(steady.length);
      const places = seen.map((one) => order((one as { place: number | null }).place));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  }
  done = true;
  await Promise.all(others);
}, 60_000);
