import { type Environment, type IngestLimits, readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';
import { HTTP_LIMITS, type HttpLimits } from '@holdpoint/shared/runtime/http-connections';
import type { LoggerOptions } from '@holdpoint/shared/runtime/logger';
import type { SecretEnvironment } from '@holdpoint/shared/workspace/secrets';
import type { PublisherLimits } from './stream/publish-event.ts';

export interface IngestConfig extends ServiceConfig {
  readonly ingest: IngestLimits;
  /** Where sources' secrets are looked up. Never logged. */
  readonly secretEnvironment: SecretEnvironment;
  readonly publisher: PublisherLimits;
  readonly http: HttpLimits;
  readonly counts: CountsLimits;
  /** Of bodies that are being read, or wait for their answer. */
  readonly bodiesMaxBytes: number;
  readonly logDestination?: LoggerOptions['destination'];
}

export interface CountsLimits {
  /** At most so much is lost when an instance is killed. */
  readonly saveEveryMs: number;
  /** How old may be what is known of other instances. */
  readonly readEveryMs: number;
}

/** Providers give up after 5 to 10 s: better a refusal they see than a timeout they do not understand. */
export const PUBLISHER_LIMITS: PublisherLimits = {
  timeoutMs: 4_000,
  inFlightMax: 2_048,
  inFlightMaxBytes: 128 * 1024 * 1024,
  retryAfterSeconds: 5,
};

export const COUNTS_LIMITS: CountsLimits = { saveEveryMs: 1_000, readEveryMs: 5_000 };

export const BODIES_MAX_BYTES = 256 * 1024 * 1024;

/** @throws {ConfigError} naming the first bad variable */
export function readIngestConfig(env: Environment = process.env): IngestConfig {
  return {
    ...readConfig(env, 'ingest'),
    secretEnvironment: env,
    publisher: PUBLISHER_LIMITS,
    http: HTTP_LIMITS,
    counts: COUNTS_LIMITS,
    bodiesMaxBytes: BODIES_MAX_BYTES,
  };
}
