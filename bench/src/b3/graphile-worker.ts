import { makeWorkerUtils } from 'graphile-worker';
import { CONCURRENCY, peer } from './peer.ts';

const BULK_MAX = 1_000;

/** graphile-worker with a named queue for each entity: the same promise of order, at least once. */
export const graphileWorker = peer({
  name: 'graphile-worker, named queues',
  worker: 'graphile-worker-worker.ts',
  args: [String(CONCURRENCY)],
  async prepare(servers, { jobs }) {
    const database = await servers.database('none');
    const workerUtils = await makeWorkerUtils({ connectionString: database.ownerUrl });
    await workerUtils.migrate();
    for (let from = 0; from < jobs.length; from += BULK_MAX) {
      const page = jobs.slice(from, from + BULK_MAX);
      await workerUtils.addJobs(page.map((payload) => ({ identifier: 'do', payload, queueName: payload.entity })));
    }
    await workerUtils.release();
    return { url: database.ownerUrl, remove: database.drop };
  },
});
