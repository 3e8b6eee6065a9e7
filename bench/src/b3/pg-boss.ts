import { PgBoss } from 'pg-boss';
import type { Contender } from './contender.ts';
import { CONCURRENCY, peer } from './peer.ts';
import { pagesWithoutRepeats } from './shapes.ts';

export const QUEUE = 'bench';

/** pg-boss with `key_strict_fifo`: the same promise of order, at least once. As many at once as the others, … */
export const pgBoss = pgBossWith(CONCURRENCY);
/** … and far more: a batch is begun together and ends together. */
export const pgBossInBulk = pgBossWith(500);

function pgBossWith(batchSize: number): Contender {
  return peer({
    name: `pg-boss key_strict_fifo, ${batchSize} a batch`,
    worker: 'pg-boss-worker.ts',
    args: [String(batchSize)],
    async prepare(servers, { jobs }) {
      const database = await servers.database('none');
      const boss = new PgBoss({ connectionString: database.ownerUrl, supervise: false, schedule: false });
      await boss.start();
      await boss.createQueue(QUEUE, { policy: 'key_strict_fifo' });
      // Rows of one insert share their time of creation, by which it orders: a page names each entity once.
      for (const page of pagesWithoutRepeats(jobs)) {
        await boss.insert(
          QUEUE,
          page.map((data) => ({ data, singletonKey: data.entity })),
        );
      }
      await boss.stop({ graceful: false });
      return { url: database.ownerUrl, remove: database.drop };
    },
  });
}
