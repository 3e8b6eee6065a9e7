import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { actionRow, receiptsOf, type Seeded, seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness, QUICK, settles } from './harness.ts';
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

test('an outage does not turn in-flight work indeterminate', async () => {
  // Two that could judge each other, and would: the outage is longer than a lease and a call's time.
  const limits = { callTimeoutMs: 3_000 };
  await Promise.all([harness.start({}, limits), harness.start({}, limits)]);
  const actions = await Promise.all([2_000, 2_500, 2_800].map((ms) => seedAction(harness.db, { args: { ms } })));
  await harness.decide(actions);
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBe(actions.length);
  const outage = await harness.owner.connect();
  await outage.query('BEGIN');
  await outage.query('LOCK TABLE workers, actions IN ACCESS EXCLUSIVE MODE');
  const lost = () => harness.logs.filter((line) => line.includes('the lease is lost')).length;
  await expect.poll(lost, { timeout: 15_000 }).toBe(2);
  await expect.poll(() => harness.observed.length, { timeout: 10_000 }).toBe(2 * actions.length);
  await delay(limits.callTimeoutMs + QUICK.leaseMs);
  await outage.query('ROLLBACK');
  outage.release();
  for (const { id } of actions) {
    expect(await becomes(harness.db, id, 'applied', 'indeterminate')).toMatchObject({ state: 'applied', attempts: 1 });
    expect(await receiptsOf(harness.db, id)).toEqual(['intent:running', 'outcome:applied']);
  }
}, 60_000);

test('an executor that starts before Postgres waits for it', async () => {
  const postgres = new URL(harness.servers.databaseUrl);
  const away = createServer().listen(0, '127.0.0.1');
  await once(away, 'listening');
  const { port } = away.address() as AddressInfo;
  away.close();
  const url = new URL(harness.servers.databaseUrl);
  url.host = `127.0.0.1:${port}`;
  const starting = harness.start({ databaseUrl: url.href });
  await expect.poll(() => harness.logs.filter((line) => line.includes('postgres: waiting')).length).toBe(1);
  const sockets = new Set<Socket>();
  const there = createServer((socket) => {
    const inner = connect(Number(postgres.port), postgres.hostname);
    for (const one of [socket, inner]) sockets.add(one.on('error', () => {}));
    socket.pipe(inner).pipe(socket);
  }).listen(port, '127.0.0.1');
  try {
    const action = await seedAction(harness.db);
    const { stop } = await starting;
    await becomes(harness.db, action.id, 'applied');
    await stop();
  } finally {
    there.close();
    for (const socket of sockets) socket.destroy();
  }
});

test('a judge that just started judges nobody', async () => {
  const orphan = await seedAction(harness.db, { state: 'running' });
  await harness.db.query("UPDATE actions SET started_at = now() - interval '1 hour' WHERE id = $1", [orphan.id]);
  await harness.start({}, { callTimeoutMs: 1 });
  await becomes(harness.db, orphan.id, 'indeterminate');
  const { rows } = await harness.db.query(
    `SELECT extract(epoch FROM r.at - w.started_at)::float8 * 1000 AS judged_after_ms FROM receipts r, workers w
     WHERE r.action = $1 AND r.kind = 'settlement' AND r.actor = 'executor|' || w.id`,
    [orphan.id],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].judged_after_ms).toBeGreaterThanOrEqual(QUICK.leaseMs);
});

test('a judge leaves attempts of tools it does not know to others, for as long as there may be some', async () => {
  const strange = await seedAction(harness.db, { state: 'running', connector: 'newer' });
  const known = await seedAction(harness.db, { state: 'running' });
  await harness.db.query("UPDATE actions SET started_at = now() - interval '10 s'");
  const first = await harness.start({}, { callTimeoutMs: 1, goneAfterMs: 600_000 });
  await becomes(harness.db, known.id, 'indeterminate');
  expect(await actionRow(harness.db, strange.id)).toMatchObject({ state: 'running' });
  await first.stop();
  await harness.start({}, { callTimeoutMs: 1, goneAfterMs: 1_000 });
  await becomes(harness.db, strange.id, 'indeterminate');
});
