import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

export interface RedisOptions {
  /**
   * `client`: commands fail within about a second while Redis is away, so that a caller can say so.
   * `blocking`: commands wait for Redis to come back, as BullMQ's workers want.
   */
  readonly role: 'client' | 'blocking';
  readonly name?: string;
  readonly logger?: Logger;
}

/** Connects in the background and reconnects for ever; a lost connection is logged, never thrown. */
export function createRedis(url: string, { role, name, logger }: RedisOptions): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: role === 'blocking' ? null : 3,
    ...(role === 'client' && { commandTimeout: COMMAND_TIMEOUT_MS }),
    ...(name && { connectionName: name }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    // What is asked in one turn of the loop leaves in one write: a third of what a busy executor spends on sockets.
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: ['bzpopmin'],
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000) * (0.5 + Math.random() / 2),
  });
  let away = false;
  redis.on('error', (error: Error) => {
    // Every failed attempt emits one; the first says it all.
    if (!away) logger?.warn({ err: error, role }, 'redis: connection lost');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger?.info({ role }, 'redis: connected again');
    away = false;
  });
  return redis;
}

const COMMAND_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
