import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { installByApt } from './apt.ts';
import { type Environment, firstOfVersion, isAtLeast, onPath } from './binaries.ts';
import { type Log, type OpenedServer, openServer } from './server.ts';
import { StackError } from './stack-error.ts';

export const REDIS_AT_LEAST = '6.2';
const CONNECT_DEADLINE_MS = 2_000;

export type RedisServer = OpenedServer & { readonly url: string };

/** A Redis that keeps its append-only file, synced every second, and refuses writes rather than forget keys. */
export async function openRedis(command: string, folder: string, password: string, log: Log): Promise<RedisServer> {
  const data = join(folder, 'data');
  const config = join(folder, 'redis.conf');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const opened = await openServer(
    {
      name: 'redis',
      command,
      cwd: data,
      logFile: join(folder, 'redis.log'),
      pidFile: join(folder, 'redis.pid'),
      stopSignal: 'SIGTERM',
      stopDeadlineMs: 3_000,
      readyDeadlineMs: 20_000,
      arrange: async (port) => {
        await writeFile(config, redisConfig(port, data, password), { mode: 0o600 });
        return [config];
      },
      probe: async (port) => {
        await redisVersion(redisUrl(port, password));
      },
    },
    log,
  );
  return { ...opened, url: redisUrl(opened.port, password) };
}

/** On the PATH; on Debian as root it is installed when it is not there yet. */
export async function findRedis(env: Environment, log: Log): Promise<string | undefined> {
  const found = await redisOnPath(env);
  if (found !== undefined) return found;
  await installByApt('redis-server', env, log);
  return redisOnPath(env);
}

/** The version of the server at a url; throws while it does not answer, such as when it still loads its data. */
export async function redisVersion(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_DEADLINE_MS,
    socketTimeout: CONNECT_DEADLINE_MS,
    retryStrategy: () => null,
  });
  // The rejected command only says that the connection is closed; the event says why.
  let why: unknown;
  client.on('error', (error) => {
    why = error;
  });
  try {
    await client.connect();
    await client.ping();
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '0';
    if (!isAtLeast(version, REDIS_AT_LEAST)) throw new StackError(`Redis ${version} is older than ${REDIS_AT_LEAST}`);
    return version;
  } catch (error) {
    throw why ?? error;
  } finally {
    // One that is closed already would hold the process for another two seconds.
    if (client.status !== 'end') client.disconnect();
  }
}

export const redisUrl = (port: number, password: string): string => `redis://:${password}@127.0.0.1:${port}`;

function redisConfig(port: number, folder: string, password: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    'daemonize no',
    'save ""',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function redisOnPath(env: Environment): Promise<string | undefined> {
  const candidates = await Promise.all(['redis-server', 'valkey-server'].map((name) => onPath(name, env)));
  return firstOfVersion(candidates, REDIS_AT_LEAST);
}
