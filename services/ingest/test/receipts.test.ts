import type { Database } from '@holdpoint/shared/db/schema/index';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { deadSubject } from '@holdpoint/shared/messages/subjects';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliver, eventually, type Harness, ingestHarness } from './harness.ts';

let harness: Harness;
let db: Kysely<Database>;
beforeAll(async () => {
  harness = await ingestHarness();
  db = createDatabase<Database>(
    createPool({ url: harness.servers.databaseOwnerUrl, applicationName: 'test', max: 2, statementTimeoutMs: 30_000 }),
  );
});
afterAll(async () => {
  await db.destroy();
  await harness.stop();
});

const receipts = () => db.selectFrom('receipts').selectAll().where('kind', '=', 'webhook_received').execute();

it('an accepted webhook has one receipt, whichever instance writes it and however often it is told', async () => {
  const instances = await Promise.all([harness.start(), harness.start()]);
  const url = instances[0]?.url ?? '';
  const bodies = Array.from({ length: 20 }, (_, index) => `{"id":"evt_${index}","type":"charge.succeeded"}`);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  for (const body of [...bodies, ...bodies]) {
    await deliver(`${url}/hooks/acme/payments`, 'stripe', { body, headers: { traceparent } });
  }
  await eventually(async () => (await receipts()).length === 20);
  const [first] = await receipts();
  expect(first).toMatchObject({ tenant: 'acme', actor: 'source|payments', trace_id: 'a'.repeat(32) });
  expect(first?.event).toMatch(/^payments\.charge=2Esucceeded\./);

  const wake = { body: '{"wake":1}', id: 'bus-7', type: 'order.paid' };
  const woken = await deliver(`${url}/agents/triage/subscriptions/orders`, 'fabric', wake);
  const receipt = await eventually(async () => (await receipts()).find(({ event }) => event === woken.body.event_id));
  expect(receipt).toMatchObject({ agent: 'triage', actor: 'subscription|triage/orders', idempotency_key: 'bus-7' });

  // All is delivered once more, as after a crash between commit and acknowledgement.
  await Promise.all(instances.map((instance) => instance.stop()));
  await harness.nats.jsm.consumers.delete('EVENTS', CONSUMERS.received.config.durable_name);
  await harness.start();
  await eventually(async () => {
    const info = await harness.nats.jsm.consumers
      .info('EVENTS', CONSUMERS.received.config.durable_name)
      .catch(() => undefined);
    return (
      info !== undefined && info.num_pending === 0 && info.num_ack_pending === 0 && info.delivered.consumer_seq >= 21
    );
  });
  expect(await receipts()).toHaveLength(21);
});

it('events that no provider sent have receipts too; one that can have none is dead-lettered, and keeps no other waiting', async () => {
  const instance = await harness.start();
  const { js, jsm } = harness.nats;
  const before = (await receipts()).length;
  const raw = (text: string) => ({ encode: () => Buffer.from(`NATS/1.0\r\n${text}\r\n`) }) as never;
  await sql`ALTER TABLE receipts ADD CONSTRAINT poison CHECK (event NOT LIKE '%.poison.%')`.execute(db);
  await js.publish('events.acme.code.poison.k', '{}');
  for (const [subject, headers] of [
    ['events.acme.code.nul.k\0', ''],
    ['events.acme.code.headers.k1', 'ce-agent: a\0b\r\nce-subscription: \0\r\nce-deliveryid: %00%ED%A0%80\r\n'],
    ['events.acme.code.headers.k2', 'ce-replayedby: %00\r\nce-digest: \0\r\ntraceparent: 00-\0-1-1\r\nodd name: 1\r\n'],
    [`events.acme.code.long.${'k'.repeat(3_000)}`, `ce-digest: ${'d'.repeat(50_000)}\r\n`],
    ['events.*.code.wild.k', ''],
    ["events.';DROP--.code.quoted.k", ''],
  ] as const) {
    await js.publish(subject, '{}', { headers: raw(headers) });
  }
  const { body } = await deliver(`${instance.url}/hooks/acme/code`, 'github', { body: '{"after":"them"}' });
  await eventually(async () => (await receipts()).length === before + 7);
  expect((await receipts()).some(({ event }) => event === body.event_id)).toBe(true);
  const dead = await eventually(() =>
    jsm.streams.getMessage('DEAD', { last_by_subj: deadSubject('EVENTS', 'acme') }).then(
      (message) => message ?? undefined,
      () => undefined,
    ),
  );
  expect(dead.header.get(DEAD_HEADERS.subject)).toBe('events.acme.code.poison.k');
  const info = await eventually(async () => {
    const found = await jsm.consumers.info('EVENTS', CONSUMERS.received.config.durable_name);
    return found.num_ack_pending === 0 && found;
  });
  expect(info.num_pending).toBe(0);
  expect((await jsm.streams.info('DEAD')).state.messages).toBe(1);
});
