import type { Database } from '@holdpoint/shared/db/schema/index';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { Kysely } from 'kysely';
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
