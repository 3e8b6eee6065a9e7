import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { createRedis } from '@holdpoint/shared/runtime/redis';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recordingLogger } from './recording-logger.ts';

let servers: TestServers;
const { logger, lines } = recordingLogger();

beforeAll(async () => {
  servers = await testServers({ nats: false });
});
afterAll(async () => {
  await servers?.stop();
});

test('BullMQ takes both roles, and a worker goes on after Redis was restarted', async () => {
  const client = createRedis(servers.redisUrl, { role: 'client', logger });
  const blocking = createRedis(servers.redisUrl, { role: 'blocking', logger });
  const queue = new Queue('effects.test', { connection: client });
  const done: unknown[] = [];
  const worker = new Worker('effects.test', async (job) => void done.push(job.data.n), { connection: blocking });
  queue.on('error', () => {});
  worker.on('error', () => {});
  try {
    await queue.add('drain', { n: 1 });
    await vi.waitFor(() => expect(done).toEqual([1]), { timeout: 10_000 });
    await servers.redis.restart();
    await vi.waitFor(() => queue.add('drain', { n: 2 }), { timeout: 10_000 });
    await vi.waitFor(() => expect(done).toContain(2), { timeout: 15_000 });
  } finally {
    await worker.close();
    await queue.close();
    client.disconnect();
    blocking.disconnect();
  }
});

test('while Redis is away a client says so soon, a blocking one waits; the loss is logged once', async () => {
  const client = createRedis(servers.redisUrl, { role: 'client', logger });
  const blocking = createRedis(servers.redisUrl, { role: 'blocking', logger });
  try {
    await Promise.all([client.ping(), blocking.ping()]);
    lines.length = 0;
    await servers.redis.stop();
    const startedAt = performance.now();
    const lost = await client.ping().catch((error) => error);
    expect(isDependencyLoss(lost)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const waiting = blocking.ping();
    await servers.redis.start();
    expect(await waiting).toBe('PONG');
    await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'), { timeout: 10_000 });
    expect(
      lines.filter((line) => line.includes('connection lost') && line.includes('"client"')).length,
    ).toBeLessThanOrEqual(1);
  } finally {
    client.disconnect();
    blocking.disconnect();
  }
});
