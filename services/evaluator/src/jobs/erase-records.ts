import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { type ErasePlace, eraseRecords } from '../store/erase-records.ts';

/** What is kept for hundreds of days may be erased an hour late. */
const EVERY_MS = 3600 * 1000;
const BATCH_MAX_PLANS = 50;

/** Erases, batch by batch, what has been kept for its time. Any number of instances may do so at once. */
export function startErasing({ db, logger, metrics }: Context, keepDays: number): Poll {
  const erased = metrics.counter('records_erased_total', 'Actions whose arguments and results were erased');
  return startPoll({
    name: 'erase-records',
    everyMs: EVERY_MS,
    backoffMaxMs: 600_000,
    async run(signal) {
      let after: ErasePlace | undefined;
      do {
        const { plans, actions, next } = await eraseRecords(db, { keepDays, plansMax: BATCH_MAX_PLANS, after });
        erased.inc(actions);
        if (plans > 0) logger.info({ plans, actions }, 'records: erased what was kept for its time');
        after = next;
      } while (after !== undefined && !signal.aborted);
    },
    onError: (err) => logger.error({ err }, 'records: what has been kept for its time could not be erased'),
  });
}
