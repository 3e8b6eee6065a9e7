import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Job } from '../load.ts';
import { startTally, tell } from '../processes/tally.ts';

const [url = '', expected = '0', concurrency = '1'] = process.argv.slice(2);
const tally = startTally(Number(expected));
const connection = new Redis(url, { maxRetriesPerRequest: null });
const worker = new Worker<Job>('bench', async ({ data }) => tally.called(data.entity, data.place), {
  connection,
  concurrency: Number(concurrency),
});
worker.on('completed', ({ data }) => tally.ended(data.entity));
tell({ told: 'ready' });
