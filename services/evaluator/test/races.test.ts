import type { DecisionsFact } from '@holdpoint/shared/messages/facts';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

let kit: Kit;
let services: RunningService[];
beforeAll(async () => {
  kit = await createKit();
  services = await Promise.all([kit.start(), kit.start(), kit.start()]);
});
afterAll(() => kit.stop());

const service = (index: number) => services[index % services.length] as RunningService;
const shuffled = <T>(items: readonly T[]): T[] => [...items].sort(() => Math.random() - 0.5);

test('one plan proposed at all instances at once is recorded once and answered the same', async () => {
  for (let round = 0; round < 20; round += 1) {
    const plan = { plan_id: `race-${round}`, operator: 'risk', actions: [line('orders.hold'), line('orders.refund')] };
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => (await kit.post(service(index), '/v1/plans', plan)).json()),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  }
});

test('one key proposed by many plans at once is claimed by exactly one', async () => {
  for (let round = 0; round < 20; round += 1) {
    const same = { idempotency_key: `key-race-${round}`, entity_key: `order:race-${round}`, value: 5 };
    const states = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const plan = { plan_id: `key-race-${round}-${index}`, operator: 'risk', actions: [line('orders.hold', same)] };
        const answer = (await (await kit.post(service(index), '/v1/plans', plan)).json()) as {
          decisions: { state: string }[];
        };
        return answer.decisions[0]?.state;
      }),
    );
    expect(states.sort()).toEqual([...Array(11).fill('duplicate'), 'queued']);
  }
});

test('plans over the same keys and entities in clashing orders never deadlock and number their lanes without a gap in order', async () => {
  const entities = Array.from({ length: 8 }, (_, index) => `order:clash-${index}`);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      kit.post(service(index), '/v1/plans', {
        plan_id: `clash-${index}`,
        operator: 'risk',
        actions: shuffled(entities).map((entity_key) =>
          line('orders.hold', { entity_key, idempotency_key: `${entity_key}-${index % 20}`, value: 3 }),
        ),
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
  const { rows } = await sql<{ entity_key: string; n: number; distinct_seqs: number; claims: number }>`
    SELECT entity_key, count(*)::int AS n, count(DISTINCT lane_seq)::int AS distinct_seqs,
      count(DISTINCT idempotency_key)::int AS claims
    FROM actions WHERE state = 'queued' AND entity_key LIKE 'order:clash-%' GROUP BY entity_key`.execute(kit.db);
  expect(rows).toHaveLength(8);
  for (const row of rows) expect(row).toMatchObject({ n: 20, distinct_seqs: 20, claims: 20 });
  const deadlocks = await sql<{ deadlocks: number }>`
    SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`.execute(kit.db);
  expect(deadlocks.rows[0]?.deadlocks).toBe(0);
});

test('lane numbers follow the order of the plan', async () => {
  const plan = {
    plan_id: 'ordered',
    operator: 'risk',
    actions: Array.from({ length: 30 }, () => line('orders.hold', { entity_key: 'order:ordered' })),
  };
  await kit.post(service(0), '/v1/plans', plan);
  const rows = await kit.db
    .selectFrom('actions')
    .select(['index', 'lane_seq'])
    .where('plan_id', '=', 'ordered')
    .orderBy('lane_seq')
    .execute();
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, index) => index));
});

test('a crash between commit and publish loses nothing: whoever is there next relays what was recorded', async () => {
  // While NATS is away a decision is recorded and cannot be told; then the process that recorded it is gone.
  const crashed = await kit.start();
  await kit.servers.nats.stop();
  const answer = await kit.post(crashed, '/v1/plans', {
    plan_id: 'untold',
    operator: 'risk',
    actions: [line('orders.hold')],
  });
  expect(answer.status).toBe(200);
  const waiting = await kit.db.selectFrom('outbox').select('id').execute();
  expect(waiting.length).toBeGreaterThan(0);
  void crashed.stop();
  await kit.servers.nats.start();
  await kit.until(async () => {
    const facts = await kit.messages('DECISIONS').catch(() => []);
    return facts.some(({ body }) => (body as DecisionsFact).plan_id === 'untold');
  });
  await kit.until(async () => (await kit.db.selectFrom('outbox').select('id').execute()).length === 0);
});

test('plans published while NATS comes and goes are each decided once', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `nats-${index}`);
  for (const [index, plan_id] of ids.entries()) {
    const plan = { plan_id, actions: [line('orders.hold')] };
    // As an operator does: again, until it is acknowledged. The plan's id makes that harmless.
    await kit.until(() =>
      kit.publish(plan).then(
        () => true,
        () => false,
      ),
    );
    if (index === 20) await kit.servers.nats.restart();
  }
  await kit.until(async () => {
    const rows = await kit.db.selectFrom('actions').select('plan_id').where('plan_id', 'in', ids).execute();
    return rows.length === ids.length;
  });
});
