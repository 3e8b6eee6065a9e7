import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Job } from '../load.ts';
import { startTally, tell } from '../processes/tally.ts';

const [url = '', expected = '0', concurrency = '1'] = process.argv.slice(2);
const tally = startTally(Number(expected));
const connection = new Redis(url, { maxRetriesPerRequest: null });
new Worker<Job>('bench', async ({ data }) => tally.note(data.entity, data.place), {
  connection,
  concurrency: Number(concurrency),
});
tell({ told: 'ready' });
