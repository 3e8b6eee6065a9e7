import { randomUUID } from 'node:crypto';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancel, type SettleAs, settle } from '../src/core/intervention.ts';
import { moveAction } from '../src/store/move-action.ts';
import { settleAttempts } from '../src/store/settle-attempts.ts';
import { type ActionSpec, flush, type Row, type Seeded, seedAction } from './fixtures.ts';

let servers: TestServers;
let pool: pg.Pool;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  pool = new pg.Pool({ connectionString: servers.databaseUrl, max: 4 });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 4 }));
});
afterAll(async () => {
  await Promise.all([pool.end(), db.destroy()]);
  await servers.stop();
});

/** An action that reserved from two limits, as the evaluator leaves it. */
async function seedReserving(spec: ActionSpec = {}): Promise<Seeded> {
  const action = await seedAction(pool, spec);
  await pool.query('UPDATE actions SET reserves = true WHERE id = $1', [action.id]);
  await pool.query(
    `WITH l AS (
       INSERT INTO policy_limits (tenant, key, per_seconds, keep_seconds)
       VALUES ('acme', 'a' || $1, 60, 60), ('acme', 'b' || $1, 60, 60) RETURNING id)
     INSERT INTO limit_reservations (action, limit_id, amount) SELECT $1::text::uuid, id, 1.5 FROM l`,
    [action.id],
  );
  return action;
}

/** What became of the two: `open`, `counted`; none where they were given back. */
async function reservations({ id }: Seeded): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT CASE WHEN counted_at IS NULL THEN 'open'
       WHEN counted_at BETWEEN clock_timestamp() - interval '10 s' AND clock_timestamp() THEN 'counted' END AS is
     FROM limit_reservations WHERE action = $1`,
    [id],
  );
  return rows.map((row) => row.is);
}

const OPEN = ['open', 'open'];
const COUNTED = ['counted', 'counted'];

async function claim({ laneId }: Seeded): Promise<string> {
  const [, found] = await flush(pool, { claims: [{ lane: laneId as number }] });
  return found?.token as string;
}

async function attempt(action: Seeded, end: Row): Promise<void> {
  const token = await claim(action);
  expect(await reservations(action)).toEqual(OPEN);
  const [answer] = await flush(pool, { finishes: { [action.id]: { ...end, token } } });
  expect(answer?.finished).toEqual([action.id]);
}

test.each([
  ['applied', COUNTED],
  ['failed', []],
  ['indeterminate', OPEN],
  ['queued', OPEN],
])('an attempt that ends as %s leaves its reservations %s', async (to, left) => {
  const action = await seedReserving();
  await attempt(action, { to, retry_in_ms: 0 });
  expect(await reservations(action)).toEqual(left);
});

test('an attempt that failed once and is applied then counts once', async () => {
  const action = await seedReserving();
  await attempt(action, { to: 'queued', retry_in_ms: 0 });
  await attempt(action, { to: 'applied' });
  expect(await reservations(action)).toEqual(COUNTED);
});

test.each([
  ['applied', COUNTED],
  ['not_applied', OPEN],
  ['failed', []],
] as const)('a person’s word that it is %s leaves them %s', async (as: SettleAs, left) => {
  const action = await seedReserving();
  await attempt(action, { to: 'indeterminate' });
  const person = { actor: 'https://people.test|olga', note: 'looked it up' };
  await moveAction(db, { id: action.id, tenant: 'acme' }, (row) => settle(row, as, 'looked it up'), person);
  expect(await reservations(action)).toEqual(left);
});

test.each([
  ['applied', COUNTED],
  ['failed', []],
] as const)('what is settled for a lost worker as %s leaves them %s', async (to, left) => {
  const action = await seedReserving();
  const token = await claim(action);
  await settleAttempts(db, { [action.id]: { to, token } as never }, 'judge');
  expect(await reservations(action)).toEqual(left);
});

test('a late answer of an attempt that was given to another changes nothing', async () => {
  const action = await seedReserving();
  await claim(action);
  await flush(pool, { finishes: { [action.id]: { to: 'failed', token: randomUUID() } } });
  expect(await reservations(action)).toEqual(OPEN);
});

test('what expires at its claim gives them back; what is put aside to be scored again keeps them', async () => {
  const [expired, stale] = [
    await seedReserving({ expiresInSeconds: -1 }),
    await seedReserving({ authorisedAgoSeconds: 7_200 }),
  ];
  await claim(expired);
  await claim(stale);
  expect([await reservations(expired), await reservations(stale)]).toEqual([[], OPEN]);
});

test('what a person cancels gives them back', async () => {
  const action = await seedReserving();
  const person = { actor: 'https://people.test|olga', note: 'not needed' };
  await moveAction(db, { id: action.id, tenant: 'acme' }, cancel, person);
  expect(await reservations(action)).toEqual([]);
});

test('an outcome waits for no decision that holds the limit', async () => {
  const action = await seedReserving();
  const token = await claim(action);
  const decider = await pool.connect();
  try {
    await decider.query('BEGIN');
    await decider.query('SELECT 1 FROM policy_limits WHERE key = $1 FOR UPDATE', [`a${action.id}`]);
    const [answer] = await flush(pool, { finishes: { [action.id]: { to: 'applied', token } } });
    expect(answer?.finished).toEqual([action.id]);
    expect(await reservations(action)).toEqual(COUNTED);
  } finally {
    await decider.query('ROLLBACK');
    decider.release();
  }
});
