import { removeEndedSessions } from '@holdpoint/shared/db/sessions';
import { removeLateSignIns } from '@holdpoint/shared/db/sign-ins';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';

const BATCH_MAX_ROWS = 1_000;

/** Removes sessions that are over, and sign-ins that nobody came back from; nobody is let in by them meanwhile. */
export function startSessionExpiry({ config, db, logger }: Context): Poll {
  return startPoll({
    name: 'session expiry',
    everyMs: config.limits.sessionsPollMs,
    async run(signal) {
      await removeLateSignIns(db);
      while (!signal.aborted && (await removeEndedSessions(db, BATCH_MAX_ROWS)) === BATCH_MAX_ROWS);
    },
    onError: (err) => logger.warn({ err }, 'ended sessions were not removed'),
  });
}
