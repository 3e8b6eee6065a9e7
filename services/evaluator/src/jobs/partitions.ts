import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { ensureReceiptPartitions } from '../store/ensure-partitions.ts';

/** Months are made three ahead, so that a day without this harms nothing. */
const EVERY_MS = 6 * 3600 * 1000;

export function startPartitions({ db, logger }: Context): Poll {
  return startPoll({
    name: 'partitions',
    everyMs: EVERY_MS,
    backoffMaxMs: 60_000,
    run: () => ensureReceiptPartitions(db),
    onError: (err) => logger.error({ err }, 'receipts: the partitions of the coming months could not be made'),
  });
}
