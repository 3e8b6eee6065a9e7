import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { removeExpiredKv } from '../store/connector-kv.ts';

const EVERY_MS = 60_000;
const BATCH_MAX_ROWS = 1_000;

/** Lets go of what connectors remembered for a time that is up; nobody sees it meanwhile. */
export function startKvExpiry({ db, logger }: Context): Poll {
  return startPoll({
    name: 'kv expiry',
    everyMs: EVERY_MS,
    async run(signal) {
      while (!signal.aborted && (await removeExpiredKv(db, BATCH_MAX_ROWS)) === BATCH_MAX_ROWS);
    },
    onError: (err) => logger.warn({ err }, 'expired connector memory was not removed'),
  });
}
