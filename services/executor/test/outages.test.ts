import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { actionRow, receiptsOf, type Seeded, seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness, settles } from './harness.ts';
import { subjectMessages } from './outcomes.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await executorHarness();
});
afterEach(() => harness.stop());

async function seedMany(count: number, args: Record<string, unknown> = { ms: 5 }): Promise<Seeded[]> {
  const seeded: Seeded[] = [];
  for (let index = 0; index < count; index += 1) {
    seeded.push(await seedAction(harness.db, { entity: `many-${index % 20}`, args }));
  }
  return seeded;
}

function appliedOnce(actions: readonly Seeded[]): void {
  const starts = harness.observed.filter(({ what }) => what === 'start').map(({ action }) => action);
  expect(starts.toSorted()).toEqual(actions.map(({ id }) => id).toSorted());
}

test('Redis is emptied in the middle: everything is rung again and runs once', async () => {
  const actions = await seedMany(200);
  await harness.start();
  const redis = new Redis(harness.servers.redisUrl);
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBeGreaterThan(40);
  await redis.flushall();
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBeGreaterThan(120);
  await redis.flushall();
  redis.disconnect();
  await settles(harness.db);
  appliedOnce(actions);
});

test('Redis goes and comes back: what was decided meanwhile runs', async () => {
  const { url } = await harness.start();
  const before = await seedMany(40);
  await settles(harness.db);
  await harness.servers.redis.stop();
  const meanwhile = await seedMany(40);
  await harness.decide(meanwhile);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 15_000 }).toBe(503);
  await harness.servers.redis.start();
  await settles(harness.db);
  appliedOnce([...before, ...meanwhile]);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 15_000 }).toBe(200);
});

test('Redis is restarted in the middle of drains', async () => {
  const actions = await seedMany(120, { ms: 20 });
  await harness.start();
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBeGreaterThan(40);
  await harness.servers.redis.restart();
  await settles(harness.db);
  appliedOnce(actions);
});

test('NATS is away: effects go on, and their outcomes are told when it is back, by another instance too', async () => {
  const first = await harness.start();
  await harness.servers.nats.stop();
  const action = await seedAction(harness.db);
  await becomes(harness.db, action.id, 'applied');
  const backlog = async () => (await harness.db.query('SELECT count(*)::int AS n FROM outbox')).rows[0].n;
  // Committed and not published: the process ends in between.
  expect(await backlog()).toBe(1);
  await first.stop();
  expect(await backlog()).toBe(1);
  await harness.servers.nats.start();
  await harness.start();
  expect(await subjectMessages(harness.nats, 'outcomes.acme.applied.bot', action.id)).toHaveLength(1);
  await expect.poll(backlog).toBe(0);
});

test('a drained instance ends its calls, records them, takes leave, and another goes on', async () => {
  const slow = await seedAction(harness.db, { args: { ms: 400 } });
  const behind = await seedAction(harness.db, { entity: slow.entity as string });
  const first = await harness.start();
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBe(1);
  await first.stop();
  expect(await actionRow(harness.db, slow.id)).toMatchObject({ state: 'applied' });
  expect(await actionRow(harness.db, behind.id)).toMatchObject({ state: 'queued', attempts: 0 });
  expect((await harness.db.query('SELECT 1 FROM workers')).rowCount).toBe(0);
  await harness.start();
  await becomes(harness.db, behind.id, 'applied');
});

test('a call that outlasts the drain is called off and recorded as unknown', async () => {
  const action = await seedAction(harness.db, { args: { hang: true } });
  const first = await harness.start({}, { drainMaxMs: 300 });
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBe(1);
  await first.stop();
  expect(await actionRow(harness.db, action.id)).toMatchObject({
    state: 'indeterminate',
    error: 'the worker was stopped during the call',
  });
});

test('a worker that cannot renew calls its calls off, and nobody else is judged in the outage', async () => {
  await harness.start();
  const action = await seedAction(harness.db, { tool: 'safe', args: { hang: true } });
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBe(1);
  const freeze = await harness.owner.connect();
  await freeze.query('BEGIN');
  await freeze.query('LOCK TABLE workers IN ACCESS EXCLUSIVE MODE');
  await expect.poll(() => harness.logs.join('').includes('the lease is lost'), { timeout: 10_000 }).toBe(true);
  await freeze.query('ROLLBACK');
  freeze.release();
  await expect
    .poll(async () => (await receiptsOf(harness.db, action.id)).slice(0, 2), { timeout: 10_000 })
    .toEqual(['intent:running', 'outcome:queued']);
  expect(await actionRow(harness.db, action.id)).toMatchObject({ unsure: true });
});
