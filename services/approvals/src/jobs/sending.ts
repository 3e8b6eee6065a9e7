import { setTimeout as delay } from 'node:timers/promises';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { deliver } from '../deliver.ts';
import { type ClaimedNotification, claimNotifications } from '../store/claim-notifications.ts';

/** Claimed at once: fewer than may be under way, so that one channel does not take all places. */
const PAGE_ROWS = 8;

/** Sends what is due, a bounded number at a time. Any number of instances may do so at once. */
export function startSending(context: Context): Poll {
  const { config, db, logger } = context;
  const { sendsMax, sendsPerChannelMax, sendPollMs, sendLeaseMs, sendDrainMs } = config.limits;
  const draining = new AbortController();
  const underWay = new Map<ClaimedNotification, Promise<void>>();
  /** Until when, by channel: its receiver asked for time. */
  const resting = new Map<string, number>();

  const poll = startPoll({
    name: 'notifications',
    everyMs: sendPollMs,
    async run(signal) {
      while (!signal.aborted && underWay.size < sendsMax) {
        const limit = Math.min(PAGE_ROWS, sendsMax - underWay.size);
        const claimed = await claimNotifications(db, { limit, leaseMs: sendLeaseMs, resting: notNow() });
        for (const one of claimed) underWay.set(one, send(one));
        if (claimed.length < limit) return;
      }
    },
    onError: (err) => logger.warn({ err }, 'notifications could not be looked for, trying again'),
  });

  async function send(one: ClaimedNotification): Promise<void> {
    try {
      const { restMs } = await deliver(context, one, draining.signal);
      if (restMs > 0) resting.set(nameOf(one), performance.now() + restMs);
    } catch (err) {
      // Nothing was recorded: it comes again when its lease is over.
      logger.warn({ err, notification: one.id }, 'a notification could not be dealt with');
    } finally {
      underWay.delete(one);
      poll.nudge();
    }
  }

  function notNow(): string[] {
    const now = performance.now();
    for (const [name, until] of resting) if (until <= now) resting.delete(name);
    const counts = Map.groupBy(underWay.keys(), nameOf);
    const busy = [...counts].filter(([, { length }]) => length >= sendsPerChannelMax).map(([name]) => name);
    return [...resting.keys(), ...busy];
  }

  return {
    nudge: poll.nudge,
    async stop() {
      await poll.stop();
      const ended = Promise.all(underWay.values());
      const over = new AbortController();
      await Promise.race([ended, delay(sendDrainMs, undefined, { signal: over.signal }).catch(() => undefined)]);
      over.abort();
      draining.abort();
      await ended;
    },
  };
}

function nameOf({ tenant, channel }: ClaimedNotification): string {
  return `${tenant}/${channel}`;
}
