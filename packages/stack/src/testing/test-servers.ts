import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { environment } from '../config.ts';
import { keptCredentials } from '../credentials.ts';
import { copyDatabase, dropDatabase } from '../db/databases.ts';
import { findNats, openNats } from '../nats.ts';
import { removeRelocated } from '../postgres.ts';
import { findRedis, openRedis } from '../redis.ts';
import type { ServerHandle } from '../server.ts';
import { StackError } from '../stack-error.ts';
import { migratedPostgres } from './global-setup.ts';
import type { ProvidedPostgres } from './provided.ts';

export type { ServerHandle } from '../server.ts';

export type TestServers = {
  /** Full rights on the file's own database. */
  readonly databaseOwnerUrl: string;
  /** The restricted role that the services run as. */
  readonly databaseUrl: string;
  /** `nats://user:pass@127.0.0.1:port`. */
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly nats: ServerHandle;
  readonly redis: ServerHandle;
  /** Stops the servers, drops the database (ending whoever is connected), removes the files. */
  stop(): Promise<void>;
};

export type TestServersOptions = {
  readonly redis?: boolean;
  readonly nats?: boolean;
  /** Who may do what at NATS, given the password of the user in `natsUrl`; unless told, that user has full rights. */
  readonly natsAuthorization?: (password: string) => string;
};

/**
 * A database, a NATS and a Redis of the test file's own, for `beforeAll`; `stop` is for `afterAll`. What is switched off
 * throws when it is asked for.
 *
 * @example
 * const servers = await testServers({ redis: false });
 * await servers.nats.restart();
 */
export async function testServers(options: TestServersOptions = {}): Promise<TestServers> {
  const provided = inject('holdpointPostgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const folder = await mkdtemp(join(provided.folder, 'servers-'));
  const [database, nats, redis] = await Promise.allSettled([
    copyDatabase(provided.adminUrl, provided.template, name),
    options.nats === false ? undefined : privateNats(join(folder, 'nats'), options.natsAuthorization),
    options.redis === false ? undefined : privateRedis(join(folder, 'redis')),
  ]);
  const [natsServer, redisServer] = [nats, redis].map((part) => (part.status === 'fulfilled' ? part.value : undefined));
  const stop = async (): Promise<void> => {
    await Promise.all([natsServer?.handle.stop(), redisServer?.handle.stop()]);
    await dropDatabase(provided.adminUrl, name);
    await rm(folder, { recursive: true, force: true });
  };
  const failed = [database, nats, redis].find((part) => part.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    databaseOwnerUrl: onDatabase(provided.databaseOwnerUrl, name),
    databaseUrl: onDatabase(provided.databaseUrl, name),
    get natsUrl() {
      return started(natsServer, 'nats').url;
    },
    get redisUrl() {
      return started(redisServer, 'redis').url;
    },
    get nats() {
      return started(natsServer, 'nats').handle;
    },
    get redis() {
      return started(redisServer, 'redis').handle;
    },
    stop,
  };
}

export type PrivatePostgres = {
  readonly databaseOwnerUrl: string;
  readonly databaseUrl: string;
  readonly server: ServerHandle;
  stop(): Promise<void>;
};

/** A migrated Postgres of the test's own, for the few that stop or kill it: it takes a second or two to make. */
export async function privatePostgres(): Promise<PrivatePostgres> {
  const { folder: parent }: ProvidedPostgres = inject('holdpointPostgres');
  const folder = await mkdtemp(join(parent, 'postgres-'));
  const opened = await migratedPostgres(join(folder, 'postgres'), await keptCredentials(folder));
  return {
    databaseOwnerUrl: opened.databaseOwnerUrl,
    databaseUrl: opened.databaseUrl,
    server: opened.handle,
    stop: async () => {
      await opened.handle.stop();
      await removeRelocated(join(folder, 'postgres'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function privateNats(folder: string, authorization?: (password: string) => string) {
  const command = await findNats(environment());
  if (command === undefined) throw new StackError('tests need NATS 2.10 or newer: none is installed here');
  const secret = password();
  return openNats(command, folder, secret, console.error, authorization && { authorization: authorization(secret) });
}

async function privateRedis(folder: string) {
  const command = await findRedis(environment(), console.error);
  if (command === undefined) throw new StackError('tests need Redis 6.2 or newer: no redis-server is on the PATH');
  return openRedis(command, folder, password(), console.error);
}

const password = (): string => randomBytes(16).toString('hex');

function started<T>(server: T | undefined, name: string): T {
  if (server === undefined) throw new StackError(`this file's testServers were asked to start without ${name}`);
  return server;
}

function onDatabase(url: string, name: string): string {
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
