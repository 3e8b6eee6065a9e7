import { randomUUID } from 'node:crypto';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flush, seedAction, seedPlan } from './fixtures.ts';

let servers: TestServers;
let client: pg.Client;
let owner: pg.Client;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  client = new pg.Client({ connectionString: servers.databaseUrl });
  owner = new pg.Client({ connectionString: servers.databaseOwnerUrl });
  await Promise.all([client.connect(), owner.connect()]);
});
afterAll(async () => {
  await Promise.all([client.end(), owner.end()]);
  await servers.stop();
});

const LANES = 4_000;
const DEPTH = 5;

/** Rows of `actions` that were read meanwhile, by way of an index and by reading the table through. Undone afterwards. */
async function rowsReadBy(run: () => Promise<unknown>): Promise<{ byIndex: number; bySeqScan: number }> {
  await client.query('BEGIN');
  try {
    const before = await rowsRead();
    await run();
    const after = await rowsRead();
    return { byIndex: after.byIndex - before.byIndex, bySeqScan: after.bySeqScan - before.bySeqScan };
  } finally {
    await client.query('ROLLBACK');
  }
}

async function rowsRead(): Promise<{ byIndex: number; bySeqScan: number }> {
  const { rows } = await client.query(
    `SELECT coalesce(sum(idx_tup_fetch), 0)::int AS "byIndex", coalesce(sum(seq_tup_read), 0)::int AS "bySeqScan"
     FROM pg_stat_xact_user_tables WHERE relname = 'actions'`,
  );
  return rows[0];
}

test('claims stay good when statistics have just seen an empty queue and the plans were pinned to it', async () => {
  // The tables are empty, and everybody has been told so; then this session's plans are made.
  await owner.query('VACUUM ANALYZE actions');
  await owner.query('ALTER TABLE actions SET (autovacuum_enabled = off)');
  const first = await seedAction(client);
  await claimAndFinish([first.laneId as number]);
  await fill();

  const { rows } = await client.query(
    "SELECT id FROM lanes WHERE entity_key LIKE 'bulk-%' ORDER BY id LIMIT 50 OFFSET 2000",
  );
  const lanes = rows.map(({ id }) => Number(id));
  const startedAt = performance.now();
  const read = await rowsReadBy(() => claimAndFinish(lanes));
  expect(read.bySeqScan).toBe(0);
  // Each of 50 actions is looked at a dozen times; a plan gone wrong reads thousands for each.
  expect(read.byIndex).toBeLessThan(50 * 20);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('a sweep reads one row a lane, however deep the lanes are', async () => {
  const read = await rowsReadBy(async () => {
    const found = await client.query('SELECT * FROM executor_sweep_lanes(0, 500, 0)');
    expect(found.rows).toHaveLength(500);
  });
  expect(read.bySeqScan).toBe(0);
  expect(read.byIndex).toBeLessThan(600);
});

async function claimAndFinish(lanes: readonly number[]): Promise<void> {
  const claimed = await flush(client, { claims: lanes.map((lane) => ({ lane })) });
  const rows = claimed.flatMap(({ claimed: row }) => row ?? []);
  expect(rows).toHaveLength(lanes.length);
  const finishes = Object.fromEntries(rows.map((row) => [row.id, { token: row.token, to: 'applied' }]));
  const [done] = await flush(client, { finishes, claims: lanes.map((lane) => ({ lane })) });
  expect(done?.finished).toHaveLength(lanes.length);
}

async function fill(): Promise<void> {
  const plan = await seedPlan(client);
  await client.query(
    `INSERT INTO lanes (tenant, entity_key, next_seq) SELECT 'acme', 'bulk-' || n, ${DEPTH + 1} FROM generate_series(1, ${LANES}) n`,
  );
  await client.query(
    `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, entity_key, idempotency_key,
       proposed_digest, digest, decision, reasons, matched, policy_version, decided_at, state, lane_id, lane_seq, authorised_at)
     SELECT gen_random_uuid(), $1, 'p', l.id * 100 + s, 'acme', 'bot', 'alpha', 'write', 'write', '{}', l.entity_key,
       l.entity_key || '-' || s, 'd', 'd', 'ALLOW', '[]', '[]', 'v', now(), 'queued', l.id, s, now()
     FROM lanes l, generate_series(1, ${DEPTH}) s WHERE l.entity_key LIKE 'bulk-%'`,
    [plan],
  );
}

test('one lane with thousands waiting is claimed by looking at its head alone', async () => {
  const plan = await seedPlan(client);
  const { rows } = await client.query(
    "INSERT INTO lanes (tenant, entity_key, next_seq) VALUES ('acme', 'hot', 5001) RETURNING id",
  );
  const lane = Number(rows[0].id);
  await client.query(
    `INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, entity_key, idempotency_key,
       proposed_digest, digest, decision, reasons, matched, policy_version, decided_at, state, lane_id, lane_seq, authorised_at)
     SELECT gen_random_uuid(), $1, 'p', s, 'acme', 'bot', 'alpha', 'write', 'write', '{}', 'hot', 'hot-' || s || $2::text, 'd',
       'd', 'ALLOW', '[]', '[]', 'v', now(), 'queued', $3, s, now() FROM generate_series(1, 5000) s`,
    [plan, randomUUID(), lane],
  );
  const read = await rowsReadBy(() => claimAndFinish([lane]));
  expect(read.bySeqScan).toBe(0);
  expect(read.byIndex).toBeLessThan(60);
});

test('a claim asks nothing of approvals where nobody had to approve', async () => {
  const { laneId } = await seedAction(client);
  const scans = async () => {
    const { rows } = await client.query(
      "SELECT (seq_scan + idx_scan)::int AS n FROM pg_stat_xact_user_tables WHERE relname = 'approvals'",
    );
    return rows[0].n;
  };
  await client.query('BEGIN');
  try {
    const before = await scans();
    const [found] = (await flush(client, { claims: [{ lane: laneId as number }] })).slice(1);
    expect(found?.verdict).toBe('claimed');
    expect(await scans()).toBe(before);
  } finally {
    await client.query('ROLLBACK');
  }
});
