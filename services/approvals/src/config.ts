import { type Environment, readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';
import type { LoggerOptions } from '@holdpoint/shared/runtime/logger';

export interface ApprovalsConfig extends ServiceConfig {
  readonly limits: ApprovalsLimits;
  readonly logDestination?: LoggerOptions['destination'];
}

export interface ApprovalsLimits {
  /** How long an imperative request waits that does not say. */
  readonly requestTtlMs: number;
  readonly expiryPollMs: number;
  readonly pendingPollMs: number;
  /** Where the gauge of pending approvals stops counting. */
  readonly pendingCountMax: number;
  /** Open event streams an instance. */
  readonly streamClientsMax: number;
  /** A stream ends after this, so that whoever lost the right to read is asked again. */
  readonly streamMaxMs: number;
  readonly streamHeartbeatMs: number;
  /** Unsent bytes of one stream; a reader that is slower is let go. */
  readonly streamBufferMaxBytes: number;
  /** Requests with `wait` an instance; one more is answered at once. */
  readonly waitersMax: number;
  /** How often a waiting request looks at the row itself, in case a fact was lost. */
  readonly waitRecheckMs: number;
}

export const APPROVALS_LIMITS: ApprovalsLimits = {
  requestTtlMs: 24 * 3600 * 1000,
  expiryPollMs: 500,
  pendingPollMs: 5_000,
  pendingCountMax: 10_000,
  streamClientsMax: 500,
  streamMaxMs: 15 * 60_000,
  streamHeartbeatMs: 15_000,
  streamBufferMaxBytes: 1024 * 1024,
  waitersMax: 2_000,
  waitRecheckMs: 5_000,
};

/** @throws {ConfigError} naming the first bad variable */
export function readApprovalsConfig(env: Environment = process.env): ApprovalsConfig {
  return { ...readConfig(env, 'approvals'), limits: APPROVALS_LIMITS };
}
