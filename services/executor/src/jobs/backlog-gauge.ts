import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { readBacklog } from '../store/read-backlog.ts';

const EVERY_MS = 5_000;

/** Keeps the gauges of what waits to be relayed. */
export function startBacklogGauge({ db, metrics, logger }: Context): Poll {
  const rows = metrics.all.gauge('relay_backlog_rows', 'Outbox rows that wait to be published');
  const age = metrics.all.gauge('relay_backlog_seconds', 'Age of the oldest outbox row');
  return startPoll({
    name: 'backlog gauge',
    everyMs: EVERY_MS,
    async run() {
      const backlog = await readBacklog(db);
      rows.set(backlog.rows);
      age.set(backlog.oldest_seconds);
    },
    onError: (err) => logger.debug({ err }, 'the backlog could not be read'),
  });
}
