import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { countNotifications } from '../store/count-notifications.ts';
import { pruneNotifications } from '../store/prune-notifications.ts';

const PRUNE_EVERY_MS = 600_000;
const PRUNE_PAGE_ROWS = 1_000;

export function startNotificationGauge({ config, db, logger, metrics }: Context): Poll {
  const { pendingPollMs, pendingCountMax } = config.limits;
  return startPoll({
    name: 'notification gauge',
    everyMs: pendingPollMs,
    run: async () => metrics.notificationsDue(await countNotifications(db, pendingCountMax)),
    onError: (err) => logger.debug({ err }, 'notifications could not be counted'),
  });
}

export function startPruning({ config, db, logger }: Context): Poll {
  return startPoll({
    name: 'old notifications',
    everyMs: PRUNE_EVERY_MS,
    async run(signal) {
      for (let deleted = PRUNE_PAGE_ROWS; deleted === PRUNE_PAGE_ROWS && !signal.aborted; ) {
        deleted = await pruneNotifications(db, config.limits.notificationsKeepDays, PRUNE_PAGE_ROWS);
      }
    },
    onError: (err) => logger.warn({ err }, 'old notifications could not be deleted, trying again'),
  });
}
