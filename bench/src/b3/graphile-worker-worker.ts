import { Logger, run } from 'graphile-worker';
import type { Job } from '../load.ts';
import { startTally, tell } from '../processes/tally.ts';

const [url = '', expected = '0', concurrency = '1'] = process.argv.slice(2);
const tally = startTally(Number(expected));
const concurrentJobs = Number(concurrency);
// As its performance page advises: jobs fetched and completed in batches.
await run({
  preset: {
    worker: {
      connectionString: url,
      concurrentJobs,
      maxPoolSize: 10,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: new Logger(() => () => {}),
    },
  },
  noHandleSignals: true,
  taskList: {
    do: async (payload) => {
      const { entity, place } = payload as Job;
      tally.note(entity, place);
    },
  },
});
tell({ told: 'ready' });
