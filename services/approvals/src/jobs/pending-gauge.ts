import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { countPending } from '../store/count-pending.ts';

export function startPendingGauge({ config, db, logger, metrics }: Context): Poll {
  const { pendingPollMs, pendingCountMax } = config.limits;
  return startPoll({
    name: 'pending gauge',
    everyMs: pendingPollMs,
    run: async () => metrics.pending(await countPending(db, pendingCountMax)),
    onError: (err) => logger.debug({ err }, 'pending approvals could not be counted'),
  });
}
