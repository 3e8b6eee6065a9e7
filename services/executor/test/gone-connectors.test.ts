import { effectsQueue, queuePrefix } from '@holdpoint/shared/messages/jobs';
import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionRow, receiptsOf, seedAction, seedFreeze } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await executorHarness();
  await harness.start({}, { goneAfterMs: 300, sweepEveryMs: 200 });
});
afterAll(() => harness.stop());

test('what waits for a connector that is gone ends with a clear error, and its lane goes on', async () => {
  const head = await seedAction(harness.db, { connector: 'gone' });
  const second = await seedAction(harness.db, { connector: 'gone', entity: head.entity as string });
  const behind = await seedAction(harness.db, { entity: head.entity as string });
  const unsure = await seedAction(harness.db, { connector: 'gone' });
  await harness.db.query('UPDATE actions SET unsure = true WHERE id = $1', [unsure.id]);
  await harness.decide([head, unsure], 'gone');
  for (const { id } of [head, second]) {
    expect(await becomes(harness.db, id, 'failed')).toMatchObject({ error: 'there is no tool gone:write here' });
    expect(await receiptsOf(harness.db, id)).toEqual(['intent:running', 'outcome:failed']);
  }
  await becomes(harness.db, behind.id, 'applied');
  await becomes(harness.db, unsure.id, 'indeterminate');
});

test('what waits for a connector that another instance has, or under a freeze, is let be', async () => {
  const elsewhere = new Worker(effectsQueue('elsewhere'), async () => {}, {
    connection: { url: harness.servers.redisUrl },
    prefix: queuePrefix(effectsQueue('elsewhere')),
  });
  await elsewhere.waitUntilReady();
  await expect.poll(() => workersOf('elsewhere')).toBe(1);
  // As an executor's own worker is seen by others.
  expect(await workersOf('alpha')).toBe(1);
  await seedFreeze(harness.db, { tenant: 'zeta' });
  const frozen = await seedAction(harness.db, { connector: 'gone', tenant: 'zeta' });
  const served = await seedAction(harness.db, { connector: 'elsewhere' });
  const gone = await seedAction(harness.db, { connector: 'gone' });
  await becomes(harness.db, gone.id, 'failed');
  for (const { id } of [frozen, served])
    expect(await actionRow(harness.db, id)).toMatchObject({ state: 'queued', attempts: 0 });
  await elsewhere.close();
  await becomes(harness.db, served.id, 'failed');
});

async function workersOf(connector: string): Promise<number> {
  const name = effectsQueue(connector);
  const queue = new Queue(name, { connection: { url: harness.servers.redisUrl }, prefix: queuePrefix(name) });
  const count = await queue.getWorkersCount();
  await queue.close();
  return count;
}
