import type { Database } from '@holdpoint/shared/db/schema/index';
import { newId } from '@holdpoint/shared/runtime/ids';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listReceipts, type ReceiptsQuery } from '../src/store/list-receipts.ts';
import { readAction } from '../src/store/read-action.ts';
import { readAround } from '../src/store/read-around.ts';
import { type Seeded, seedAction, seedGrant } from './fixtures.ts';

let servers: TestServers;
let client: pg.Client;
let owner: pg.Client;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  client = new pg.Client({ connectionString: servers.databaseUrl });
  owner = new pg.Client({ connectionString: servers.databaseOwnerUrl });
  await Promise.all([client.connect(), owner.connect()]);
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 1 }));
});
afterAll(async () => {
  await db.destroy();
  await Promise.all([client.end(), owner.end()]);
  await servers.stop();
});

async function receipt({ id: action, plan, entity, tenant }: Seeded, more: Partial<Record<string, string>> = {}) {
  const row = {
    kind: 'intent',
    actor: 'worker',
    operator: 'bot',
    connector: 'alpha',
    tool: 'write',
    outcome: null,
    ...more,
  };
  const id = newId();
  await client.query(
    `INSERT INTO receipts (id, tenant, kind, actor, operator, connector, tool, outcome, plan, action, entity_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [id, tenant, row.kind, row.actor, row.operator, row.connector, row.tool, row.outcome, plan, action, entity],
  );
  return id;
}

const search = async (query: Partial<ReceiptsQuery>) =>
  (await listReceipts(db, { tenant: 'acme', limit: 50, ...query })).rows.map(({ id }) => id);

test('a person finds what an action went through by whatever id or key is at hand', async () => {
  const action = await seedAction(client, { entity: 'order:77', key: 'refund-77' });
  const first = await receipt(action);
  const second = await receipt(action, { kind: 'outcome', outcome: 'applied' });
  await receipt(await seedAction(client));
  const approval = await seedGrant(client, action);
  const both = [second, first];
  for (const anyId of [action.id, action.plan, `plan-${action.plan}`, 'order:77', 'refund-77', approval]) {
    expect(await search({ anyId }), anyId).toEqual(both);
  }
  expect(await search({ anyId: 'order:78' })).toEqual([]);
  expect(await search({ anyId: action.id, tenant: 'zeta' })).toEqual([]);
  expect(await search({ anyId: 'order:77', kind: 'outcome' })).toEqual([second]);
  expect(await search({ entityKey: 'order:77', plan: action.plan })).toEqual(both);
  expect(await search({ entityKey: 'order:77', actionId: newId() })).toEqual([]);
});

test('what it is about is narrowed by who, by what and by when', async () => {
  const action = await seedAction(client, { entity: 'order:9' });
  const one = await receipt(action, { actor: 'https://people|carol', kind: 'settlement', outcome: 'failed' });
  const two = await receipt(action, { operator: 'other', connector: 'beta', tool: 'safe' });
  expect(await search({ actor: 'https://people|carol' })).toEqual([one]);
  expect(await search({ entityKey: 'order:9', outcome: 'failed' })).toEqual([one]);
  expect(await search({ operator: 'other', connector: 'beta', tool: 'safe' })).toEqual([two]);
  expect(await search({ operator: 'other', tenant: 'zeta' })).toEqual([]);
  const { rows } = await client.query(
    `SELECT at::text, (at + interval '1 microsecond')::text AS after FROM receipts WHERE id = $1`,
    [two],
  );
  expect(await search({ entityKey: 'order:9', until: rows[0].at })).toEqual([one]);
  expect(await search({ entityKey: 'order:9', since: rows[0].after })).toEqual([]);
});

test('with 200,000 receipts behind it no search reads more than its share, and says where to go on', async () => {
  const action = await seedAction(client, { entity: 'order:deep' });
  const wanted = await receipt(action, { actor: 'once' });
  await owner.query(
    `INSERT INTO receipts (id, at, tenant, kind, actor, outcome)
     SELECT gen_random_uuid(), clock_timestamp() + n * interval '1 millisecond', 'acme', 'outcome', 'test', 'applied'
     FROM generate_series(1, 200000) n`,
  );
  await owner.query('VACUUM ANALYZE receipts');
  expect(await rowsReadBy(() => search({ entityKey: 'order:deep' }))).toBeLessThan(50);
  expect(await rowsReadBy(() => search({ kind: 'policy_change', limit: 1 }))).toBeLessThan(25_000);

  const found: string[] = [];
  let before: ReceiptsQuery['before'];
  let pages = 0;
  do {
    const page = await listReceipts(db, { tenant: 'acme', actor: 'once', limit: 50, before });
    found.push(...page.rows.map(({ id }) => id));
    before = page.next;
    pages += 1;
  } while (before);
  expect(found).toEqual([wanted]);
  expect(pages).toBeGreaterThan(9);
});

async function rowsReadBy(run: () => Promise<unknown>): Promise<number> {
  const before = await rowsRead();
  await run();
  return (await rowsRead()) - before;
}

async function rowsRead(): Promise<number> {
  await db.executeQuery({ sql: 'SELECT pg_stat_force_next_flush()', parameters: [], query: {} } as never);
  const { rows } = await owner.query(
    `SELECT coalesce(sum(idx_tup_fetch), 0)::int + coalesce(sum(seq_tup_read), 0)::int AS read
     FROM pg_stat_user_tables WHERE relname LIKE 'receipts%'`,
  );
  return rows[0].read;
}

test('around an action stand its plan, its lane and its duplicates', async () => {
  const head = await seedAction(client, { state: 'indeterminate', entity: 'order:5' });
  await seedAction(client, { entity: 'order:5' });
  const third = await seedAction(client, { entity: 'order:5' });
  const twin = await seedAction(client, { state: 'duplicate', duplicateOf: third.id, operator: 'twin' });
  const around = async ({ id }: Seeded) => {
    const row = await readAction(db, id, 'acme');
    return row && readAround(db, row);
  };
  expect(await around(third)).toMatchObject({
    plan: third.plan,
    requester: 'operator|acme|bot',
    event: null,
    lane: { head: head.id, head_state: 'indeterminate', ahead: 2 },
    duplicates: [{ action_id: twin.id, operator: 'twin' }],
  });
  expect(await around(head)).toMatchObject({ lane: { head: head.id, ahead: 0 }, duplicates: [] });
  expect(await around(twin)).toMatchObject({ lane: null });
});
