import { PgBoss } from 'pg-boss';
import { peer } from './peer.ts';

const BULK_MAX = 1_000;
export const QUEUE = 'bench';

/** pg-boss with `key_strict_fifo`: the same promise of order, at least once. */
export const pgBoss = peer({
  name: 'pg-boss, key_strict_fifo',
  worker: 'pg-boss-worker.ts',
  async prepare(servers, { jobs }) {
    const database = await servers.database('none');
    const boss = new PgBoss({ connectionString: database.ownerUrl, supervise: false, schedule: false });
    await boss.start();
    await boss.createQueue(QUEUE, { policy: 'key_strict_fifo' });
    for (let from = 0; from < jobs.length; from += BULK_MAX) {
      const page = jobs.slice(from, from + BULK_MAX);
      await boss.insert(
        QUEUE,
        page.map((data) => ({ data, singletonKey: data.entity })),
      );
    }
    await boss.stop({ graceful: false });
    return { url: database.ownerUrl, remove: database.drop };
  },
});
