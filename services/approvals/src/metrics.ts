import type { Metrics } from '@holdpoint/shared/runtime/metrics';
import type { Ruling } from './core/ruling.ts';

export interface ApprovalsMetrics {
  readonly base: Metrics;
  voted(vote: 'approve' | 'deny', ruling: Ruling): void;
  cancelled(): void;
  expired(count: number): void;
  opened(): void;
  pending(count: number): void;
  streams(count: number): void;
  waiters(count: number): void;
}

export function approvalsMetrics(base: Metrics): ApprovalsMetrics {
  const votes = base.counter('approval_votes_total', 'Votes by what was voted and what came of it', ['vote', 'result']);
  const ends = base.counter('approvals_ended_total', 'Approvals that were withdrawn or ran out', ['as']);
  const opened = base.counter('approval_requests_total', 'Imperative requests that were opened');
  const pending = base.gauge('approvals_pending', 'Approvals that wait for a person, counted up to a bound');
  const streams = base.gauge('approval_streams', 'Open event streams');
  const waiters = base.gauge('approval_waiters', 'Requests that wait for a decision');
  return {
    base,
    voted: (vote, ruling) => votes.inc({ vote, result: resultOf(ruling) }),
    cancelled: () => ends.inc({ as: 'cancelled' }),
    expired: (count) => ends.inc({ as: 'expired' }, count),
    opened: () => opened.inc(),
    pending: (count) => pending.set(count),
    streams: (count) => streams.set(count),
    waiters: (count) => waiters.set(count),
  };
}

function resultOf(ruling: Ruling): string {
  if (ruling.kind === 'refused') return ruling.error.code.toLowerCase();
  return ruling.changed ? ruling.approval.status : 'repeated';
}
