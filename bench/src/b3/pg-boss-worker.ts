import { PgBoss } from 'pg-boss';
import type { Job } from '../load.ts';
import { startTally, tell } from '../processes/tally.ts';
import { QUEUE } from './pg-boss.ts';

const [url = '', expected = '0', batchSize = '1'] = process.argv.slice(2);
const tally = startTally(Number(expected));
const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 10 });
await boss.start();
tell({ told: 'ready' });

// Its own loop of fetch and complete, in batches: `work` polls no sooner than every half second once a batch is not full,
// which would be all that is measured where few keys are free.
for (let done = 0; done < Number(expected); ) {
  const jobs = await boss.fetch<Job>(QUEUE, { batchSize: Number(batchSize) });
  for (const { data } of jobs) tally.called(data.entity, data.place);
  if (jobs.length === 0) continue;
  await boss.complete(
    QUEUE,
    jobs.map(({ id }) => id),
  );
  for (const { data } of jobs) tally.ended(data.entity);
  done += jobs.length;
}
