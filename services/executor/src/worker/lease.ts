import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { startPoll } from '@holdpoint/shared/runtime/poll';
import type { Kysely } from 'kysely';
import { heartbeat, removeWorker } from '../store/heartbeat.ts';

/** This process's right to send: renewed in Postgres, measured by a clock that only goes forward. */
export interface Lease {
  readonly worker: string;
  /** Asked before every send. */
  held(): boolean;
  /** For how long the database has been there without a break, as far as this process has seen. */
  unbrokenMs(): number;
  stop(): Promise<void>;
}

/** Resolves once the worker's row stands. Where it cannot be renewed, nothing is sent until it can. */
export async function takeLease(options: {
  readonly db: Kysely<Database>;
  readonly worker: string;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Gives up waiting for the database. */
  readonly signal?: AbortSignal | undefined;
}): Promise<Lease> {
  const { db, worker, leaseMs, logger } = options;
  let renewedAt = await register(options);
  let unbrokenSince = renewedAt;
  let broken = false;
  let lost = false;

  const held = () => performance.now() - renewedAt < leaseMs;

  const beat = startPoll({
    name: 'heartbeat',
    everyMs: leaseMs / 3,
    backoffMaxMs: leaseMs / 3,
    async run() {
      // Counted from before the question: the answer may have been long on its way.
      const askedAt = performance.now();
      await heartbeat(db, worker);
      if (broken || askedAt - renewedAt > leaseMs) unbrokenSince = askedAt;
      broken = false;
      renewedAt = askedAt;
      if (lost) logger.info({ worker }, 'the lease is held again');
      lost = false;
    },
    onError(err) {
      broken = true;
      logger.warn({ err, worker }, 'the lease could not be renewed');
    },
  });

  const watch = setInterval(() => {
    if (held()) return;
    if (!lost) logger.error({ worker }, 'the lease is lost: nothing is sent until it is held again');
    lost = true;
  }, leaseMs / 20);

  return {
    worker,
    held,
    unbrokenMs: () => (broken ? 0 : performance.now() - unbrokenSince),
    async stop() {
      clearInterval(watch);
      await beat.stop();
      await removeWorker(db, worker);
    },
  };
}

/** Waits for the database as long as it takes: to start before it is no fault. Returns when the answered question was asked. */
async function register({
  db,
  worker,
  logger,
  signal,
}: {
  readonly db: Kysely<Database>;
  readonly worker: string;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    const askedAt = performance.now();
    try {
      await heartbeat(db, worker);
      return askedAt;
    } catch (error) {
      if (!isDependencyLoss(error)) throw error;
      if (attempt === 0) logger.warn({ err: error }, 'postgres: waiting for the server');
      await delay(Math.min(100 * 2 ** attempt, 2_000) * (0.5 + Math.random() / 2), undefined, signal && { signal });
    }
  }
}
