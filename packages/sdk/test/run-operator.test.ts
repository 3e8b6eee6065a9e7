import { eventId } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';
import { DELIVERIES_MAX, operatorConsumer } from '@holdpoint/shared/messages/consumers';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject, planSubject } from '@holdpoint/shared/messages/subjects';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats, publishAll } from '@holdpoint/shared/runtime/nats';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { defineOperator, type OperatorDefinition, type Proposal } from '../src/operator.ts';
import { type RunningOperator, runOperator } from '../src/run-operator.ts';

let servers: TestServers;
let nats: Nats;
const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
const running: RunningOperator[] = [];

beforeAll(async () => {
  servers = await testServers({ redis: false });
  nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((operator) => operator.stop()));
});
afterAll(async () => {
  await nats?.close();
  await servers?.stop();
});

function run(operator: OperatorDefinition, tenant: string, options: { planMaxMs?: number } = {}): RunningOperator {
  const started = runOperator({ operator, tenant, nats, logger, ...options });
  running.push(started);
  return started;
}

async function publishEvent(tenant: string, id: EventId, data: unknown): Promise<void> {
  const headers = { [EVENT_HEADERS.type]: 'orders/create', [EVENT_HEADERS.signed]: 'body' };
  await publishAll(nats.js, [{ subject: eventSubject(tenant, id), headers, body: JSON.stringify(data) }]);
}

const anOrder = (key: string): EventId => eventId('shopify', 'orders/create', key);

async function plansOf(tenant: string, operator: string): Promise<ExecutionPlan[]> {
  const stream = await nats.jsm.streams.info('PLANS', { subjects_filter: planSubject(tenant, operator) });
  const count = stream.state.subjects?.[planSubject(tenant, operator)] ?? 0;
  const plans: ExecutionPlan[] = [];
  for (let seq = stream.state.first_seq; seq <= stream.state.last_seq && plans.length < count; seq += 1) {
    const message = await nats.jsm.streams.getMessage('PLANS', { seq });
    if (message?.subject === planSubject(tenant, operator)) plans.push(message.json());
  }
  return plans;
}

async function pendingOf(tenant: string, operator: string): Promise<{ waiting: number; unacknowledged: number }> {
  const { stream, config } = operatorConsumer(tenant, operator, []);
  const info = await nats.jsm.consumers.info(stream, config.durable_name);
  return { waiting: info.num_pending, unacknowledged: info.num_ack_pending };
}

const DONE = { waiting: 0, unacknowledged: 0 };
const deadline = { timeout: 15_000, interval: 25 };

const holding = (id: string): Proposal => ({
  actions: [
    { connector: 'shop', tool: 'orders.hold', args: { order_id: id }, entity_key: `order:${id}`, idempotency_key: id },
  ],
});

const holder = defineOperator<{ id: string }>({
  name: 'risk',
  events: [{ source: 'shopify', type: 'orders/create' }],
  plan: (event) => holding(event.data.id),
});

it('every event of the operator becomes one plan, and only its own tenant’s events do', async () => {
  await publishEvent('acme', anOrder('k1'), { id: '1' });
  await publishEvent('zeta', anOrder('k1'), { id: '9' });
  await publishEvent('acme', eventId('shopify', 'orders/paid', 'k1'), { id: '8' });
  run(holder, 'acme');
  await publishEvent('acme', anOrder('k2'), { id: '2' });
  await vi.waitFor(async () => expect(await plansOf('acme', 'risk')).toHaveLength(2), deadline);
  await vi.waitFor(async () => expect(await pendingOf('acme', 'risk')).toEqual(DONE), deadline);
  const plans = await plansOf('acme', 'risk');
  expect(plans.map((plan) => plan.event_id).sort()).toEqual([anOrder('k1'), anOrder('k2')]);
  expect(new Set(plans.map((plan) => plan.plan_id)).size).toBe(2);
});

it('an operator that comes back goes on where it stopped', async () => {
  const first = run(holder, 'durable');
  await publishEvent('durable', anOrder('k1'), { id: '1' });
  await vi.waitFor(async () => expect(await plansOf('durable', 'risk')).toHaveLength(1), deadline);
  await first.stop();
  await publishEvent('durable', anOrder('k2'), { id: '2' });
  run(holder, 'durable');
  await vi.waitFor(async () => expect(await plansOf('durable', 'risk')).toHaveLength(2), deadline);
  await vi.waitFor(async () => expect(await pendingOf('durable', 'risk')).toEqual(DONE), deadline);
  expect((await plansOf('durable', 'risk')).map(({ event_id }) => event_id)).toEqual([anOrder('k1'), anOrder('k2')]);
});

it('an event that is nobody’s business is acknowledged without a plan', async () => {
  run({ ...holder, plan: () => null }, 'quiet');
  await publishEvent('quiet', anOrder('k1'), { id: '1' });
  await vi.waitFor(async () => expect(await pendingOf('quiet', 'risk')).toEqual(DONE), deadline);
  expect(await plansOf('quiet', 'risk')).toEqual([]);
});

it('an event whose plan the stream refuses stays unacknowledged, and its plan goes out once there is room', async () => {
  await nats.jsm.streams.update('PLANS', { max_msg_size: 16 });
  run(holder, 'full');
  await publishEvent('full', anOrder('k1'), { id: '1' });
  await vi.waitFor(
    async () => expect(await pendingOf('full', 'risk')).toEqual({ waiting: 0, unacknowledged: 1 }),
    deadline,
  );
  expect(await plansOf('full', 'risk')).toEqual([]);
  await nats.jsm.streams.update('PLANS', { max_msg_size: -1 });
  await vi.waitFor(async () => expect(await plansOf('full', 'risk')).toHaveLength(1), deadline);
  await vi.waitFor(async () => expect(await pendingOf('full', 'risk')).toEqual(DONE), deadline);
});

it('a passing fault of the operator is tried again, and a hanging one is not waited for', async () => {
  let tries = 0;
  const flaky = defineOperator<{ id: string }>({
    name: 'flaky',
    events: [],
    plan: (event) => {
      tries += 1;
      if (tries === 1) throw new Error('passing');
      if (tries === 2) return new Promise<never>(() => undefined);
      return holding(event.data.id);
    },
  });
  run(flaky, 'flaky', { planMaxMs: 50 });
  await publishEvent('flaky', anOrder('k1'), { id: '1' });
  await vi.waitFor(async () => expect(await plansOf('flaky', 'flaky')).toHaveLength(1), deadline);
  expect(tries).toBe(3);
});

it('an event that the operator always fails over is given up, and holds up no other', async () => {
  const deliveries: string[] = [];
  const choosy = defineOperator<{ id: string }>({
    name: 'choosy',
    events: [],
    plan: (event) => {
      deliveries.push(event.data.id);
      if (event.data.id === 'poison') throw new Error('cannot');
      return holding(event.data.id);
    },
  });
  const { config, stream } = operatorConsumer('choosy', 'choosy', ['events.choosy.*.*.*']);
  await nats.jsm.consumers.add(stream, { ...config });
  // Four deliveries that end in a refusal, so that the operator's own is the last.
  await publishEvent('choosy', anOrder('k1'), { id: 'poison' });
  const consumer = await nats.js.consumers.get(stream, config.durable_name);
  for (let delivery = 1; delivery < DELIVERIES_MAX; delivery += 1) {
    (await consumer.next({ expires: 5_000 }))?.nak();
  }
  run(choosy, 'choosy');
  await publishEvent('choosy', anOrder('k2'), { id: 'fine' });
  await vi.waitFor(async () => expect(await plansOf('choosy', 'choosy')).toHaveLength(1), deadline);
  await vi.waitFor(async () => expect(await pendingOf('choosy', 'choosy')).toEqual(DONE), deadline);
  expect(deliveries.sort()).toEqual(['fine', 'poison']);
});

it('an operator that may not make its durable uses the one that was made for it', async () => {
  const started = runOperator({ operator: holder, tenant: 'made', nats, logger, createConsumer: false });
  running.push(started);
  const consumer = operatorConsumer('made', 'risk', ['events.made.shopify.orders=2Fcreate.*']);
  await nats.jsm.consumers.add(consumer.stream, { ...consumer.config });
  await publishEvent('made', anOrder('k1'), { id: '1' });
  await vi.waitFor(async () => expect(await plansOf('made', 'risk')).toHaveLength(1), deadline);
});

it('an operator that is started for no tenant is refused at once', () => {
  expect(() => runOperator({ operator: holder, nats, logger })).toThrow(/names no tenant/);
});
