import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { headWhy } from '../core/waiting-head.ts';
import { findOldestHeads } from '../store/find-oldest-heads.ts';
import { readBacklog } from '../store/read-backlog.ts';

const EVERY_MS = 5_000;

/** Keeps the gauges of what waits: to be relayed, and at the heads of lanes. */
export function startBacklogGauge({ db, gates, metrics, logger }: Context): Poll {
  const rows = metrics.all.gauge('relay_backlog_rows', 'Outbox rows that wait to be published');
  const age = metrics.all.gauge('relay_backlog_seconds', 'Age of the oldest outbox row');
  return startPoll({
    name: 'backlog gauge',
    everyMs: EVERY_MS,
    async run() {
      const [backlog, heads] = await Promise.all([readBacklog(db), findOldestHeads(db, undefined)]);
      rows.set(backlog.rows);
      age.set(backlog.oldest_seconds);
      metrics.oldestHead.reset();
      for (const { connector, why, oldest_seconds: seconds } of heads) {
        metrics.oldestHead.set({ connector, why: headWhy(why, gates.waitsFor(connector)) }, seconds);
      }
    },
    onError: (err) => logger.debug({ err }, 'the backlog could not be read'),
  });
}
