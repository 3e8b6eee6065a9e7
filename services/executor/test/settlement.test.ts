import { randomUUID } from 'node:crypto';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settle } from '../src/core/intervention.ts';
import { moveAction } from '../src/store/move-action.ts';
import { settleAttempts } from '../src/store/settle-attempts.ts';
import { stillAuthorised } from '../src/store/still-authorised.ts';
import { actionRow, flush, type Row, receiptsOf, type Seeded, seedAction, seedFreeze } from './fixtures.ts';

let servers: TestServers;
let pool: pg.Pool;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  pool = new pg.Pool({ connectionString: servers.databaseUrl, max: 4 });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 8 }));
});
afterAll(async () => {
  await Promise.all([pool.end(), db.destroy()]);
  await servers.stop();
});

async function claim(
  action: Seeded,
  worker = randomUUID(),
): Promise<{ token: string; worker: string; verdict: string }> {
  const [, found] = await flush(pool, { claims: [{ lane: action.laneId as number }], worker });
  return { token: found?.token as string, worker, verdict: found?.verdict as string };
}

async function finish(action: Seeded, of: { token: string; worker: string }, end: Row): Promise<boolean> {
  const finishes = { [action.id]: { ...end, token: of.token } };
  const [answer] = await flush(pool, { finishes, worker: of.worker });
  return answer?.finished?.includes(action.id) ?? false;
}

const person = { actor: 'https://people.test|olga', note: 'looked it up' };
const settleAs = (action: Seeded, as: 'applied' | 'not_applied' | 'failed') =>
  moveAction(db, { id: action.id, tenant: 'acme' }, (row) => settle(row, as, 'looked it up'), person);

const lateAnswers = async (action: Seeded): Promise<string[]> => {
  const { rows } = await pool.query(
    "SELECT error FROM receipts WHERE action = $1 AND kind = 'outcome' AND outcome IS NULL ORDER BY at, id",
    [action.id],
  );
  return rows.map(({ error }) => error);
};

test('an indeterminate head blocks its lane, unless its tool lets the lane go on', async () => {
  const waits = await seedAction(pool);
  const behindIt = await seedAction(pool, { entity: waits.entity as string });
  await finish(waits, await claim(waits), { to: 'indeterminate', error: 'lost' });
  expect((await claim(behindIt)).verdict).toBe('indeterminate');

  const goesOn = await seedAction(pool);
  const next = await seedAction(pool, { entity: goesOn.entity as string });
  await finish(goesOn, await claim(goesOn), { to: 'indeterminate', error: 'lost', leaves_lane: true });
  expect(await actionRow(pool, goesOn.id)).toMatchObject({ state: 'indeterminate', lane_seq: null });
  expect((await claim(next)).verdict).toBe('claimed');
  expect(await actionRow(pool, next.id)).toMatchObject({ state: 'running' });
});

test('only an unknown outcome leaves the lane: one that is tried again keeps its place', async () => {
  const action = await seedAction(pool);
  await finish(action, await claim(action), {
    to: 'queued',
    error: 'e',
    retry_in_ms: 0,
    unsure: true,
    leaves_lane: true,
  });
  expect(await actionRow(pool, action.id)).toMatchObject({ state: 'queued', lane_seq: String(action.laneSeq) });
});

test('settled as not applied, what had left its lane joins the tail; several at once take places of their own', async () => {
  const entity = `rejoin-${randomUUID()}`;
  const gone: Seeded[] = [];
  for (let index = 0; index < 6; index += 1) {
    const action = await seedAction(pool, { entity });
    await finish(action, await claim(action), { to: 'indeterminate', error: 'lost', leaves_lane: true });
    gone.push(action);
  }
  const waiting = await seedAction(pool, { entity });
  const moved = await Promise.all(gone.map((action) => settleAs(action, 'not_applied')));
  const places = moved.map((one) => Number(one?.after.lane_seq));
  expect(new Set(places).size).toBe(gone.length);
  expect(Math.min(...places)).toBeGreaterThan(waiting.laneSeq as number);
  const later = await seedAction(pool, { entity });
  expect(later.laneSeq as number).toBeGreaterThan(Math.max(...places));
  // The one that never left runs first.
  await claim(waiting);
  expect(await actionRow(pool, waiting.id)).toMatchObject({ state: 'running' });
});

test('a head that blocked its lane keeps its place when it is to be run again', async () => {
  const head = await seedAction(pool);
  await seedAction(pool, { entity: head.entity as string });
  await finish(head, await claim(head), { to: 'indeterminate', error: 'lost' });
  const moved = await settleAs(head, 'not_applied');
  expect(moved?.after).toMatchObject({ state: 'queued', lane_seq: head.laneSeq, unsure: false });
});

test('a late answer is kept as evidence, once, and changes nothing', async () => {
  const action = await seedAction(pool);
  const first = await claim(action);
  const lost = {
    to: 'queued',
    error: 'its worker was lost',
    retry_in_ms: 0,
    unsure: true,
    token: first.token,
  } as const;
  await settleAttempts(db, { [action.id]: lost }, 'executor|judge');
  const second = await claim(action);
  const before = await actionRow(pool, action.id);
  for (let again = 0; again < 3; again += 1) {
    expect(await finish(action, first, { to: 'applied', result: 1, attempt: 1 })).toBe(false);
  }
  expect(await lateAnswers(action)).toEqual(['late answer of attempt 1: applied']);
  expect(await actionRow(pool, action.id)).toEqual(before);
  const { rows } = await pool.query(
    'SELECT attempt, actor, decision FROM receipts WHERE action = $1 AND outcome IS NULL',
    [action.id],
  );
  expect(rows).toEqual([{ attempt: 1, actor: `executor|${first.worker}`, decision: null }]);
  expect(await finish(action, second, { to: 'failed', error: 'no', attempt: 2 })).toBe(true);
  const third = { ...second, worker: randomUUID() };
  expect(await finish(action, third, { to: 'failed', error: 'no', attempt: 2 })).toBe(false);
  expect(await lateAnswers(action)).toEqual([
    'late answer of attempt 1: applied',
    'late answer of attempt 2: failed: no',
  ]);
});

test('an answer that counted is no late one when it is said again because its acknowledgement was lost', async () => {
  for (const end of [
    { to: 'applied', result: 1 },
    { to: 'queued', error: 'e', retry_in_ms: 0, unsure: false },
    { to: 'indeterminate', error: 'e', kind: 'settlement' },
  ]) {
    const action = await seedAction(pool);
    const held = await claim(action);
    expect(await finish(action, held, { ...end, attempt: 1 })).toBe(true);
    expect(await finish(action, held, { ...end, attempt: 1 })).toBe(false);
    expect(await lateAnswers(action)).toEqual([]);
  }
});

test('two judges settle once, and the later one leaves no evidence', async () => {
  const action = await seedAction(pool);
  const { token } = await claim(action);
  const lost = { [action.id]: { to: 'indeterminate', error: 'lost', token } } as const;
  const moved = await Promise.all(
    ['one', 'two', 'three'].map((judge) => settleAttempts(db, lost, `executor|${judge}`)),
  );
  expect(moved.flat()).toEqual([action.id]);
  expect(await receiptsOf(pool, action.id)).toEqual(['intent:running', 'settlement:indeterminate']);
  const { rows } = await pool.query(
    `SELECT count(*)::int AS n FROM outbox, jsonb_array_elements(messages::jsonb) m WHERE m -> 'body' -> 'items' @> $1`,
    [JSON.stringify([{ action_id: action.id }])],
  );
  expect(rows[0].n).toBe(1);
});

test('what asking found out has a receipt of its own kind beside the outcomes of one flush', async () => {
  const asked = await seedAction(pool);
  const plain = await seedAction(pool);
  const worker = randomUUID();
  const held = { asked: await claim(asked, worker), plain: await claim(plain, worker) };
  await flush(pool, {
    finishes: {
      [asked.id]: { to: 'applied', result: null, kind: 'settlement', token: held.asked.token },
      [plain.id]: { to: 'applied', result: null, token: held.plain.token },
    },
    worker,
  });
  expect(await receiptsOf(pool, asked.id)).toEqual(['intent:running', 'settlement:applied']);
  expect(await receiptsOf(pool, plain.id)).toEqual(['intent:running', 'outcome:applied']);
});

test('doubt stays until somebody has found out: an end that says nothing of it leaves it', async () => {
  const action = await seedAction(pool);
  await finish(action, await claim(action), { to: 'queued', error: 'e', retry_in_ms: 0, unsure: true });
  await finish(action, await claim(action), { to: 'queued', error: 'e', retry_in_ms: 0 });
  expect(await actionRow(pool, action.id)).toMatchObject({ unsure: true });
  await finish(action, await claim(action), { to: 'queued', error: 'e', retry_in_ms: 0, unsure: false });
  expect(await actionRow(pool, action.id)).toMatchObject({ unsure: false });
});

test('what was found not to have happened may run only while it still might be claimed', async () => {
  const action = await seedAction(pool, { expiresInSeconds: 3600 });
  const { token } = await claim(action);
  const may = () => stillAuthorised(db, { id: action.id, token }, 3600);
  const set = (change: string) => pool.query(`UPDATE actions SET ${change} WHERE id = $1`, [action.id]);
  expect(await may()).toBe(true);
  expect(await stillAuthorised(db, { id: action.id, token: randomUUID() }, 3600)).toBe(false);
  await set("expires_at = now() - interval '1 s'");
  expect(await may()).toBe(false);
  await set('expires_at = NULL');
  await set("authorised_at = now() - interval '2 h'");
  expect(await may()).toBe(false);
  await set("authorised_at = now() - interval '1 min'");
  expect(await may()).toBe(true);
  const freeze = await seedFreeze(pool);
  expect(await may()).toBe(false);
  await pool.query('UPDATE freezes SET lifted_at = clock_timestamp() WHERE id = $1', [freeze]);
  expect(await may()).toBe(false);
  await set('authorised_at = clock_timestamp()');
  expect(await may()).toBe(true);
});
