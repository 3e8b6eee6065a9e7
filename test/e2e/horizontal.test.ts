import { planSubject } from '@holdpoint/shared/messages/subjects';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { overlaps } from './observer.ts';
import { line, type System, startSystem } from './system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem({ instances: 2 });
});
afterAll(() => system.stop());

const applied = async (prefix: string) => {
  const { rows } = await sql<{ n: number }>`
    SELECT count(*)::int AS n FROM actions WHERE plan_id LIKE ${`${prefix}%`} AND state = 'applied'`.execute(system.db);
  return rows[0]?.n ?? 0;
};

/** Keys in the order of their lanes, as the truth has it. */
async function laneOrder(prefix: string): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ entity_key: string; idempotency_key: string }>`
    SELECT entity_key, idempotency_key FROM actions WHERE plan_id LIKE ${`${prefix}%`} ORDER BY entity_key, lane_seq
  `.execute(system.db);
  const lanes = new Map<string, string[]>();
  for (const row of rows) lanes.set(row.entity_key, [...(lanes.get(row.entity_key) ?? []), row.idempotency_key]);
  return lanes;
}

async function proposeMany(prefix: string, plans: number): Promise<void> {
  await Promise.all(
    Array.from({ length: plans }, async (_, plan) => {
      const actions = Array.from({ length: 5 }, (_, index) =>
        line('set', {
          connector: (plan + index) % 2 === 0 ? 'shop' : 'desk',
          entity_key: `${prefix}-entity-${(plan * 3 + index) % 7}`,
        }),
      );
      await system.nats.js.publish(
        planSubject('acme', 'risk'),
        JSON.stringify({ plan_id: `${prefix}-${plan}`, actions }),
      );
    }),
  );
}

function expectInOrder(lanes: ReadonlyMap<string, string[]>): void {
  for (const [entity, keys] of lanes) {
    const calls = system.observer.calls.filter((call) => call.entity === entity);
    expect(calls.map(({ key }) => key)).toEqual(keys);
    expect(overlaps(calls)).toEqual([]);
  }
}

test('two instances of everything: one entity’s actions over two connectors run in order and never overlap', async () => {
  system.observer.behave({ delayMs: () => Math.random() * 8 });
  await proposeMany('order', 60);
  await system.until('all are applied', async () => (await applied('order')) === 300);
  expectInOrder(await laneOrder('order'));
});

test('Redis emptied in the middle: everything is rung again from the truth, once and in order', async () => {
  system.observer.behave({ delayMs: () => Math.random() * 8 });
  const redis = new Redis(system.servers.redisUrl);
  await proposeMany('emptied', 60);
  await system.until('some are applied', async () => (await applied('emptied')) > 20);
  await redis.flushall();
  await redis.quit();
  await system.until('all are applied', async () => (await applied('emptied')) === 300);
  expectInOrder(await laneOrder('emptied'));
});

test('every state change has its receipt: the receipts replay to the state', async () => {
  const { rows } = await sql<{ id: string; state: string; last: string; steps: string[] }>`
    SELECT a.id, a.state, (array_agg(r.outcome ORDER BY r.id DESC))[1] AS last, array_agg(r.outcome ORDER BY r.id) AS steps
    FROM actions a JOIN receipts r ON r.action = a.id GROUP BY a.id`.execute(system.db);
  expect(rows.length).toBeGreaterThanOrEqual(600);
  for (const row of rows) expect(row.steps).toEqual(['queued', 'running', 'applied']);
});
