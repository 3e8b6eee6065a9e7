import { purgeEntities } from '@holdpoint/shared/db/entities/purge-entities';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { removeExpiredKv } from '../store/connector-kv.ts';

const EVERY_MS = 60_000;
const BATCH_MAX_ROWS = 1_000;

/** Lets go of what connectors remembered for a time that is up; nobody sees it meanwhile. */
export function startKvExpiry(context: Context): Poll {
  return startExpiry(context, 'connector memory', removeExpiredKv);
}

/** Lets go of entities, and of tombstones, that nobody has told of for their `keepDays`; nobody sees them meanwhile. */
export function startEntityExpiry(context: Context): Poll {
  return startExpiry(context, 'entities', purgeEntities);
}

type Remove = (db: Context['db'], maxRows: number) => Promise<number>;

function startExpiry({ db, logger }: Context, what: string, remove: Remove): Poll {
  return startPoll({
    name: `expiry of ${what}`,
    everyMs: EVERY_MS,
    async run(signal) {
      while (!signal.aborted && (await remove(db, BATCH_MAX_ROWS)) === BATCH_MAX_ROWS);
    },
    onError: (err) => logger.warn({ err, what }, 'what has expired was not removed'),
  });
}
