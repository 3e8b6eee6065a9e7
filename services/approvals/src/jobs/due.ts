import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';
import { escalateDue } from '../store/escalate-due.ts';
import { type DuePage, expireDue } from '../store/expire.ts';
import { remindDue } from '../store/remind-due.ts';

/** Announces what ran out, within a second of its time. */
export function startExpiry(context: Context): Poll {
  const { config, db, metrics } = context;
  return startDue(context, {
    name: 'expiry',
    everyMs: config.limits.expiryPollMs,
    takePage: () => expireDue(db),
    count: metrics.expired,
  });
}

/** Opens to a second audience what the first has been silent on. */
export function startEscalations(context: Context): Poll {
  const { config, db, metrics } = context;
  return startDue(context, {
    name: 'escalations',
    everyMs: config.limits.escalationPollMs,
    takePage: () => escalateDue(db),
    count: metrics.escalated,
  });
}

/** Reminds people of what still waits for them. */
export function startReminders(context: Context): Poll {
  const { config, db, metrics } = context;
  return startDue(context, {
    name: 'reminders',
    everyMs: config.limits.reminderPollMs,
    takePage: () => remindDue(db),
    count: metrics.reminded,
  });
}

interface Due {
  readonly name: string;
  readonly everyMs: number;
  readonly takePage: () => Promise<DuePage>;
  readonly count: (done: number) => void;
}

/** What time does to approvals, page by page. Any number of instances may look at once: the rows' locks share it out. */
function startDue({ logger, nudgeRelay }: Context, { name, everyMs, takePage, count }: Due): Poll {
  return startPoll({
    name,
    everyMs,
    async run(signal) {
      for (let more = true; more && !signal.aborted; ) {
        const page = await takePage();
        if (page.done > 0) nudgeRelay();
        count(page.done);
        more = page.more;
      }
    },
    onError: (err) => logger.warn({ err, job: name }, 'what is due could not be looked for, trying again'),
  });
}
