import { purgeEntities } from '@holdpoint/shared/db/entities/purge-entities';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';

const EVERY_MS = 60_000;
const BATCH_MAX_ROWS = 1_000;

/** Lets go of entities, and of tombstones, that nobody has told of for their `keepDays`; nobody sees them meanwhile. */
export function startEntityExpiry({ db, logger }: Context): Poll {
  return startPoll({
    name: 'entity expiry',
    everyMs: EVERY_MS,
    async run(signal) {
      while (!signal.aborted && (await purgeEntities(db, BATCH_MAX_ROWS)) === BATCH_MAX_ROWS);
    },
    onError: (err) => logger.warn({ err }, 'entities whose time is up were not removed'),
  });
}
