import { type Environment, readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';
import type { LoggerOptions } from '@holdpoint/shared/runtime/logger';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';

export interface ExecutorConfig extends ServiceConfig {
  /** Where connectors' credentials are looked up. Never logged. */
  readonly secretEnvironment: SecretEnvironment;
  readonly limits: ExecutorLimits;
  readonly logDestination?: LoggerOptions['destination'];
}

export interface ExecutorLimits {
  /** A worker that has not renewed for this long may not send, and may be judged dead. */
  readonly leaseMs: number;
  /** For tools that declare no `timeoutMs`. */
  readonly callTimeoutMs: number;
  /** How long after an attempt that may have happened its tool's `reconcile` is asked; tools may say otherwise. */
  readonly settleDelayMs: number;
  /** Lanes drained at once, a connector. */
  readonly lanesMax: number;
  /** Reads at once. */
  readonly readsMax: number;
  /** Effects of one lane before another lane gets its turn. */
  readonly quantumEffects: number;
  /** An authorisation older than this is scored again before it is used. */
  readonly authorisedMaxSeconds: number;
  readonly sweepEveryMs: number;
  /** How soon a process hears that a queue was paused, or that another has opened a circuit or was told to wait. */
  readonly gatesEveryMs: number;
  /** How long a connector that answers with a rate limit may make its queue rest. */
  readonly rateLimitedMaxMs: number;
  /** How long nobody has served a connector that this workspace lacks, before what waits for it is ended. */
  readonly goneAfterMs: number;
  /** How soon a backing-off action is noticed to be due. */
  readonly dueEveryMs: number;
  /** How long calls may go on while the process drains; then they are aborted. */
  readonly drainMaxMs: number;
  /** How long a connector's `init`, `health` and `close` may take. */
  readonly connectorInitMaxMs: number;
  readonly connectorHealthMaxMs: number;
  readonly connectorCloseMaxMs: number;
  readonly connectorHealthEveryMs: number;
}

export const EXECUTOR_LIMITS: ExecutorLimits = {
  leaseMs: 15_000,
  callTimeoutMs: 30_000,
  settleDelayMs: 45_000,
  lanesMax: 100,
  readsMax: 100,
  quantumEffects: 64,
  authorisedMaxSeconds: 3600,
  sweepEveryMs: 5_000,
  gatesEveryMs: 250,
  rateLimitedMaxMs: 30_000,
  goneAfterMs: 300_000,
  dueEveryMs: 250,
  drainMaxMs: 4_000,
  connectorInitMaxMs: 20_000,
  connectorHealthMaxMs: 5_000,
  connectorCloseMaxMs: 2_000,
  connectorHealthEveryMs: 10_000,
};

/** @throws {ConfigError} naming the first bad variable */
export function readExecutorConfig(env: Environment = process.env): ExecutorConfig {
  return { ...readConfig(env, 'executor'), secretEnvironment: env, limits: EXECUTOR_LIMITS };
}
