import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { expireDue } from '../store/expire.ts';

/** Announces what ran out, within a second of its time. Any number of instances may do so at once. */
export function startExpiry({ config, db, logger, metrics, nudgeRelay }: Context): Poll {
  return startPoll({
    name: 'expiry',
    everyMs: config.limits.expiryPollMs,
    async run(signal) {
      for (let more = true; more && !signal.aborted; ) {
        const page = await expireDue(db);
        if (page.expired > 0) nudgeRelay();
        metrics.expired(page.expired);
        more = page.more;
      }
    },
    onError: (err) => logger.warn({ err }, 'expiries could not be looked for, trying again'),
  });
}
