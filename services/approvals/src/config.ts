import { type ConsoleConfig, type Environment, readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';
import type { LoggerOptions } from '@holdpoint/shared/runtime/logger';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';

export interface ApprovalsConfig extends ServiceConfig {
  readonly limits: ApprovalsLimits;
  readonly console: ConsoleConfig;
  /** Where the secrets of `notifications.ts` are looked up, and no others. Never logged. */
  readonly secretEnvironment: SecretEnvironment;
  readonly logDestination?: LoggerOptions['destination'];
}

export interface ApprovalsLimits {
  /** How long an imperative request waits that does not say. */
  readonly requestTtlMs: number;
  readonly expiryPollMs: number;
  readonly escalationPollMs: number;
  readonly reminderPollMs: number;
  readonly pendingPollMs: number;
  /** Where the gauge of pending approvals stops counting. */
  readonly pendingCountMax: number;
  /** Open event streams an instance. */
  readonly streamClientsMax: number;
  /** Of these to one person or app. */
  readonly streamClientsPerCallerMax: number;
  /** A stream ends after this, so that whoever lost the right to read is asked again. */
  readonly streamMaxMs: number;
  readonly streamHeartbeatMs: number;
  /** Unsent bytes of one stream; a reader that is slower is let go. */
  readonly streamBufferMaxBytes: number;
  /** Requests with `wait` an instance; one more is answered at once. */
  readonly waitersMax: number;
  /** Of these to one person or app. */
  readonly waitersPerCallerMax: number;
  /** What the console asks of another service: how long it may take, and how much may come back. */
  readonly gatewayMaxMs: number;
  readonly gatewayAnswerMaxBytes: number;
  readonly sessionsPollMs: number;
  /** How often a waiting request looks at the row itself, in case a fact was lost. */
  readonly waitRecheckMs: number;
  /** How often approvals are looked for of which nobody heard. */
  readonly noticeSweepMs: number;
  readonly sendPollMs: number;
  /** Notifications under way an instance, and of these to one channel, within a page of what is claimed. */
  readonly sendsMax: number;
  readonly sendsPerChannelMax: number;
  /** One attempt. */
  readonly sendMaxMs: number;
  /** After this a sender is taken for dead. Longer than any attempt. */
  readonly sendLeaseMs: number;
  /** How long attempts may go on while the service drains; then they are given back. */
  readonly sendDrainMs: number;
  readonly notificationsKeepDays: number;
}

export const APPROVALS_LIMITS: ApprovalsLimits = {
  requestTtlMs: 24 * 3600 * 1000,
  expiryPollMs: 500,
  escalationPollMs: 500,
  reminderPollMs: 1_000,
  pendingPollMs: 5_000,
  pendingCountMax: 10_000,
  streamClientsMax: 500,
  streamClientsPerCallerMax: 50,
  streamMaxMs: 15 * 60_000,
  streamHeartbeatMs: 15_000,
  streamBufferMaxBytes: 1024 * 1024,
  waitersMax: 2_000,
  waitersPerCallerMax: 500,
  waitRecheckMs: 5_000,
  gatewayMaxMs: 30_000,
  gatewayAnswerMaxBytes: 8 * 1024 * 1024,
  sessionsPollMs: 60_000,
  noticeSweepMs: 10_000,
  sendPollMs: 500,
  sendsMax: 32,
  sendsPerChannelMax: 8,
  sendMaxMs: 15_000,
  sendLeaseMs: 60_000,
  sendDrainMs: 2_000,
  notificationsKeepDays: 30,
};

/** @throws {ConfigError} naming the first bad variable */
export function readApprovalsConfig(env: Environment = process.env): ApprovalsConfig {
  return { ...readConfig(env, 'approvals'), secretEnvironment: env, limits: APPROVALS_LIMITS };
}
