import type { Metrics } from '@holdpoint/shared/runtime/metrics';
import type { Channel } from '@holdpoint/shared/workspace/notifications';
import type { Ruling } from './core/ruling.ts';

export interface ApprovalsMetrics {
  readonly base: Metrics;
  voted(vote: 'approve' | 'deny', ruling: Ruling): void;
  cancelled(): void;
  expired(count: number): void;
  escalated(count: number): void;
  reminded(count: number): void;
  commented(): void;
  tookBack(): void;
  opened(): void;
  pending(count: number): void;
  streams(count: number): void;
  waiters(count: number): void;
  /** One attempt at a notification, by the channel's type. */
  notified(type: Channel['type'] | 'none', result: 'sent' | 'retried' | 'failed' | 'skipped'): void;
  notificationsDue(backlog: { readonly due: number; readonly oldestSeconds: number }): void;
}

export function approvalsMetrics(base: Metrics): ApprovalsMetrics {
  const votes = base.counter('approval_votes_total', 'Votes by what was voted and what came of it', ['vote', 'result']);
  const ends = base.counter('approvals_ended_total', 'Approvals that were withdrawn or ran out', ['as']);
  const told = base.counter('approval_news_total', 'What approvals heard without being decided', ['as']);
  const opened = base.counter('approval_requests_total', 'Imperative requests that were opened');
  const pending = base.gauge('approvals_pending', 'Approvals that wait for a person, counted up to a bound');
  const streams = base.gauge('approval_streams', 'Open event streams');
  const waiters = base.gauge('approval_waiters', 'Requests that wait for a decision');
  const notified = base.counter('notifications_total', 'Attempts to notify by channel type and what came of them', [
    'type',
    'result',
  ]);
  const due = base.gauge('notifications_due', 'Notifications that are to be sent, counted up to a bound');
  const oldest = base.gauge('notifications_oldest_seconds', 'For how long the oldest of these has waited');
  return {
    base,
    voted: (vote, ruling) => votes.inc({ vote, result: resultOf(ruling) }),
    cancelled: () => ends.inc({ as: 'cancelled' }),
    expired: (count) => ends.inc({ as: 'expired' }, count),
    escalated: (count) => told.inc({ as: 'escalated' }, count),
    reminded: (count) => told.inc({ as: 'reminded' }, count),
    commented: () => told.inc({ as: 'commented' }),
    tookBack: () => told.inc({ as: 'vote_withdrawn' }),
    opened: () => opened.inc(),
    pending: (count) => pending.set(count),
    streams: (count) => streams.set(count),
    waiters: (count) => waiters.set(count),
    notified: (type, result) => notified.inc({ type, result }),
    notificationsDue(backlog) {
      due.set(backlog.due);
      oldest.set(backlog.oldestSeconds);
    },
  };
}

function resultOf(ruling: Ruling): string {
  if (ruling.kind === 'refused') return ruling.error.code.toLowerCase();
  return ruling.changed ? ruling.approval.status : 'repeated';
}
