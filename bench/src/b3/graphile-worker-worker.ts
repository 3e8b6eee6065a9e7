import { Logger, run } from 'graphile-worker';
import type { Job } from '../load.ts';
import { startTally, tell } from '../processes/tally.ts';

const [url = '', expected = '0', concurrency = '1'] = process.argv.slice(2);
const tally = startTally(Number(expected));
const concurrentJobs = Number(concurrency);
// Completed in batches, as its performance page advises. Not fetched in batches, which it advises as well: a local queue
// takes several jobs of one named queue at once, and they run side by side (hundreds out of order in 5,000).
const runner = await run({
  preset: {
    worker: {
      connectionString: url,
      concurrentJobs,
      maxPoolSize: 10,
      pollInterval: 100,
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: new Logger(() => () => {}),
    },
  },
  noHandleSignals: true,
  taskList: {
    do: async (payload) => {
      const { entity, place } = payload as Job;
      tally.called(entity, place);
    },
  },
});
runner.events.on('job:complete', ({ job }) => tally.ended((job.payload as Job).entity));
tell({ told: 'ready' });
