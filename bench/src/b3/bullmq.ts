import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { CONCURRENCY, peer } from './peer.ts';
import { emptyRedis } from './redis.ts';

const BULK_MAX = 1_000;

/** Raw BullMQ: no lanes, no order, nothing recorded. What a doorbell costs when nothing is behind it. */
export const bullmq = peer({
  name: 'BullMQ, raw no-op jobs (no lanes)',
  worker: 'bullmq-worker.ts',
  args: [String(CONCURRENCY)],
  async prepare(servers, { jobs }) {
    await emptyRedis(servers);
    const connection = new Redis(servers.stack.redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue('bench', {
      connection,
      defaultJobOptions: { removeOnComplete: { count: 100 }, removeOnFail: { count: 1_000 }, attempts: 1 },
    });
    for (let from = 0; from < jobs.length; from += BULK_MAX) {
      await queue.addBulk(jobs.slice(from, from + BULK_MAX).map((data) => ({ name: 'do', data })));
    }
    await queue.close();
    connection.disconnect();
    return { url: servers.stack.redisUrl, remove: async () => {} };
  },
});
