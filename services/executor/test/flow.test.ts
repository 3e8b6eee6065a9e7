import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFlowReader } from '../src/read-flow.ts';
import { countPassed } from '../src/store/count-passed.ts';
import { countWaiting } from '../src/store/count-waiting.ts';
import { findOldestHead } from '../src/store/find-oldest-head.ts';
import { seedAction, seedPlan } from './fixtures.ts';

let servers: TestServers;
let client: pg.Client;
let owner: pg.Client;
let db: Kysely<Database>;
const gates = { waitsFor: () => undefined };

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

/** A receipt of so many seconds ago. */
async function receipt(
  kind: string,
  agoSeconds: number,
  more: { decision?: string; outcome?: string; tenant?: string },
) {
  await client.query(
    `INSERT INTO receipts (id, at, tenant, kind, actor, decision, outcome)
     VALUES (gen_random_uuid(), clock_timestamp() - $2::float8 * interval '1 second', $3, $1, 'test', $4, $5)`,
    [kind, agoSeconds, more.tenant ?? 'acme', more.decision ?? null, more.outcome ?? null],
  );
}

test('what stands where and what passed is told of the tenant alone', async () => {
  const head = await seedAction(client, { state: 'indeterminate', entity: 'order:1' });
  await seedAction(client, { entity: 'order:1' });
  await seedAction(client, { risk: 'read' });
  await seedAction(client, { state: 'held', decision: 'ALERT' });
  await seedAction(client, { tenant: 'zeta' });
  const { rows } = await client.query(
    `INSERT INTO approvals (id, tenant, status, args, urgency, reason, operator, requester, requirements, mode, self_approval,
       expires_at, created_at)
     SELECT gen_random_uuid(), 'acme', 'pending', '{}', 'low', 'r', 'bot', 'operator|bot', '[]', 'hold', false,
       now() + interval '1 day', now() - interval '90 seconds' RETURNING id`,
  );
  await receipt('webhook_received', 5, {});
  await receipt('decision', 5, { decision: 'ALLOW', outcome: 'queued' });
  await receipt('decision', 120, { decision: 'BLOCK', outcome: 'blocked' });
  await receipt('decision', 120, { decision: 'ALLOW', outcome: 'duplicate' });
  await receipt('approval', 20, { decision: 'ALERT', outcome: 'rescore' });
  await receipt('approval', 20, { decision: 'ALERT' });
  await receipt('intent', 20, { outcome: 'running' });
  await receipt('outcome', 20, { outcome: 'queued' });
  await receipt('outcome', 600, { outcome: 'applied' });
  await receipt('settlement', 2_000, { outcome: 'applied' });
  await receipt('freeze', 5, { outcome: 'frozen' });
  await client.query(
    `INSERT INTO receipts (id, at, tenant, kind, actor, outcome, reasons)
     VALUES (gen_random_uuid(), clock_timestamp() - interval '5 seconds', 'acme', 'approval', 'ann', 'granted', '[{"code": "standing_grant", "message": "grant: for later"}]')`,
  );
  await receipt('decision', 5, { decision: 'ALLOW', outcome: 'queued', tenant: 'zeta' });

  const flow = await createFlowReader(db, gates).read('acme');
  const none = { count: 0, at_least: false };
  const one = { count: 1, at_least: false };
  expect(flow.waiting).toEqual({
    held: one,
    rescore: none,
    queued: { count: 2, at_least: false },
    running: none,
    indeterminate: one,
    approvals: one,
  });
  expect(flow.oldest_head).toMatchObject({ action_id: head.id, why: 'indeterminate' });
  expect(flow.oldest_approval).toMatchObject({ id: rows[0].id });
  expect(flow.oldest_approval?.age_seconds).toBeGreaterThan(89);
  const minute = { event: 1, allow: 1, granted: 1, begun: 1, retried: 1 };
  const five = { ...minute, block: 1, duplicate: 1 };
  expect(flow.windows).toEqual([
    { window_seconds: 60, seconds: 60, counts: minute },
    { window_seconds: 300, seconds: 300, counts: five },
    { window_seconds: 900, seconds: 900, counts: { ...five, applied: 1 } },
  ]);
});

test('plans are counted once each, however many lines they have', async () => {
  const plan = await seedPlan(client, 'lines');
  for (const index of [0, 1, 2]) await seedAction(client, { tenant: 'lines', plan, index });
  await owner.query("UPDATE plans SET created_at = now() - interval '10 seconds' WHERE tenant = 'lines'");
  const flow = await createFlowReader(db, gates).read('lines');
  expect(flow.windows[0]?.counts).toEqual({ plan: 1 });
});

test('with 200,000 receipts and actions behind it, a look costs the same few milliseconds', async () => {
  await fillHistory();
  const second = Math.floor(Date.now() / 1000);
  await expectBounded('looking at the last quarter of an hour', () =>
    countPassed(db, { from: second - 900, until: second }, 8_000),
  );
  await expectBounded('looking at what waits', () => countWaiting(db, 'acme'));
  const reader = createFlowReader(db, gates);
  await reader.read('acme');
  const startedAt = performance.now();
  await reader.read('acme');
  expect(performance.now() - startedAt).toBeLessThan(20);
});

/** Rows that the tables gave meanwhile; and the quickest of five, which says what it takes without its neighbours. */
async function expectBounded(what: string, run: () => Promise<unknown>): Promise<void> {
  const before = await rowsRead();
  await run();
  const after = await rowsRead();
  expect(after - before, what).toBeLessThan(17_000);
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now();
    await run();
    times.push(performance.now() - startedAt);
  }
  expect(Math.min(...times), what).toBeLessThan(100);
}

async function rowsRead(): Promise<number> {
  await db.executeQuery({ sql: 'SELECT pg_stat_force_next_flush()', parameters: [], query: {} } as never);
  const { rows } = await owner.query(
    `SELECT coalesce(sum(idx_tup_fetch), 0)::int + coalesce(sum(seq_tup_read), 0)::int AS read
     FROM pg_stat_user_tables WHERE relname = 'actions' OR relname = 'plans' OR relname LIKE 'receipts%'`,
  );
  return rows[0].read;
}

test('a backlog of a hundred thousand is looked at as far as the limit, and no further', async () => {
  const plan = await seedPlan(client);
  await owner.query(
    `INSERT INTO lanes (tenant, entity_key, next_seq) SELECT 'acme', 'deep-' || n, 6 FROM generate_series(1, 20000) n`,
  );
  await owner.query(
    `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, entity_key, idempotency_key,
       proposed_digest, digest, decision, reasons, matched, policy_version, decided_at, state, lane_id, lane_seq, authorised_at)
     SELECT gen_random_uuid(), $1, 'p', l.id * 100 + s, 'acme', 'bot', 'alpha', 'write', 'write', '{}', l.entity_key,
       l.entity_key || '-' || s, 'd', 'd', 'ALLOW', '[]', '[]', 'v', now(), 'queued', l.id, s, now()
     FROM lanes l, generate_series(1, 5) s WHERE l.entity_key LIKE 'deep-%'`,
    [plan],
  );
  await owner.query('VACUUM ANALYZE actions');
  const waiting = await countWaiting(db, 'acme');
  const queued = waiting.find(({ what }) => what === 'queued');
  expect(queued).toMatchObject({ at_least: true });
  expect(queued?.count).toBeLessThanOrEqual(10_000);
  await expectBounded('looking at a backlog', () => countWaiting(db, 'acme'));
  await expectBounded('looking for the oldest head', () => findOldestHead(db, 'acme'));
});

async function fillHistory(): Promise<void> {
  const plan = await seedPlan(client);
  await owner.query(
    `INSERT INTO receipts (id, at, tenant, kind, actor, decision, outcome)
     SELECT gen_random_uuid(), now() - n * interval '0.01 seconds', 'acme', 'outcome', 'test', 'ALLOW', 'applied'
     FROM generate_series(1, 200000) n`,
  );
  await owner.query(
    `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, entity_key, idempotency_key,
       proposed_digest, digest, decision, reasons, matched, policy_version, decided_at, state)
     SELECT gen_random_uuid(), $1, 'p', n, 'acme', 'bot', 'alpha', 'write', 'write', '{}', 'e' || n, 'k' || n, 'd', 'd', 'ALLOW',
       '[]', '[]', 'v', now(), CASE n % 2 WHEN 0 THEN 'applied' ELSE 'failed' END FROM generate_series(1, 200000) n`,
    [plan],
  );
  await owner.query('VACUUM ANALYZE actions, receipts');
}
