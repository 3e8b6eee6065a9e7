import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import type { JsMsg } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await executorHarness();
  // Nothing is rung but by messages.
  await harness.start({}, { sweepEveryMs: 600_000 });
});
afterAll(() => harness.stop());

const ID = '019a0000-0000-7000-8000-000000000001';
const item = (over: object = {}) => ({
  ...{ action_id: ID, plan_id: 'p', index: 0, decision: 'ALLOW', reasons: [], matched: [], policy_version: 'v1' },
  ...{ state: 'queued', at: '2026-01-01T00:00:00Z', connector: 'alpha', tool: 'write', entity_key: 'e' },
  ...{ idempotency_key: 'k', lane_id: 7 },
  ...over,
});
const fact = (over: object = {}, more: object = {}) =>
  JSON.stringify({ id: ID, tenant: 'acme', operator: 'bot', plan_id: 'p', items: [item(over)], ...more });

/** None of them is a decision of acme. */
const HOSTILE: readonly [string, string | Uint8Array][] = [
  ['nothing', ''],
  ['no JSON', '{'],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ['JSON of another shape', '[null]'],
  ['lists beyond any stack', '['.repeat(200_000)],
  ['as much as a message may hold', JSON.stringify({ tenant: 'acme', items: 'x'.repeat(1024 * 1024 - 40) })],
  ['another tenant', fact({}, { tenant: 'bazaar' })],
  ['a tenant that is no name', fact({}, { tenant: '__proto__' })],
  ['a connector that no queue can be called', fact({ connector: 'al:pha' })],
  ['a connector of another key', fact({ connector: '}:gate' })],
  ['an action that is none', fact({ lane_id: null, action_id: "'; --" })],
  ['half a lane', fact({ lane_id: 1.5 })],
  ['a lane below all', fact({ lane_id: -1 })],
  ['a lane beyond all', fact().replace('"lane_id":7', '"lane_id":1e400')],
  ['an entity with a NUL', fact({ entity_key: '\0' })],
];

test('what is no decision is dead-lettered once, and keeps nothing waiting that comes with it', async () => {
  const { js } = harness.nats;
  const before = await seedAction(harness.db);
  const read = await seedAction(harness.db, { risk: 'read' });
  for (const [, body] of HOSTILE) await js.publish('decisions.acme.allow.bot', body);
  await js.publish('decisions.*.alert.bot', fact());
  await js.publish('decisions.acme.allow.bot', fact({ connector: 'alpha', lane_id: 900_001 }), {
    headers: { encode: () => Buffer.from('NATS/1.0\r\nodd name: 1\r\ntraceparent: x\r\n\r\n') } as never,
  });
  await harness.decide([before, read]);
  await becomes(harness.db, before.id, 'applied');
  await becomes(harness.db, read.id, 'applied');

  const letters = await deadLetters(HOSTILE.length + 1);
  expect(letters.map(({ subject }) => subject).toSorted()).toEqual(
    ['dead.DECISIONS._', ...HOSTILE.map(() => 'dead.DECISIONS.acme')].toSorted(),
  );
  for (const [index, [what, body]] of HOSTILE.entries()) {
    const letter = letters[index];
    const sent = Buffer.from(body as string);
    const size = letter?.headers?.get(DEAD_HEADERS.size);
    expect(Buffer.from(letter?.data ?? []).equals(size ? sent.subarray(0, letter?.data.length) : sent), what).toBe(
      true,
    );
    if (size) expect(Number(size), what).toBe(sent.length);
    expect(letter?.headers?.get(DEAD_HEADERS.code), what).toBe('INVALID_REQUEST');
  }
  expect(letters.filter(({ headers }) => headers?.get(DEAD_HEADERS.size))).toHaveLength(1);

  const { stream, config } = CONSUMERS.doorbells;
  const info = await harness.nats.jsm.consumers.info(stream, config.durable_name);
  expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0, num_redelivered: 0 });
  // Nothing of it became a doorbell that fails again and again.
  expect(harness.logs.filter((line) => line.includes('a doorbell failed'))).toEqual([]);
});

async function deadLetters(count: number): Promise<JsMsg[]> {
  const { js, jsm } = harness.nats;
  const info = () => jsm.streams.info('DEAD');
  await expect.poll(async () => (await info()).state.messages, { timeout: 10_000 }).toBe(count);
  const consumer = await js.consumers.get('DEAD');
  const found: JsMsg[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) found.push(message);
  return found;
}
