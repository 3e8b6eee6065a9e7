import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment } from '../src/config.ts';
import { findEngine } from '../src/containers.ts';
import { withClient } from '../src/db/roles.ts';
import { isRoot } from '../src/identity.ts';
import { freePort } from '../src/port.ts';
import { redisVersion } from '../src/redis.ts';
import { removeStackData, type Stack, StackError, startStack, startStackWith } from '../src/stack.ts';
import { testServers } from '../src/testing/test-servers.ts';
import { countMarks, leaveMarks, withNats, withRedis } from './marks.ts';

const ONE_EACH = { postgres: 1, nats: 1, redis: 1 };

let dataDir: string;
let running: Stack[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdpoint-stack-'));
  running = [];
});

afterEach(async () => {
  for (const stack of running) await stack.stop();
  await removeStackData(dataDir);
  await rm(dataDir, { recursive: true, force: true });
});

async function start(env?: Record<string, string>): Promise<Stack> {
  const stack = await startStack({
    dataDir,
    ...(env === undefined ? {} : { env: { PATH: environment().PATH, ...env } }),
  });
  running.push(stack);
  return stack;
}

describe('an embedded stack', () => {
  it('starts three durable servers that only this machine and their passwords open', async () => {
    const stack = await start();
    expect(stack.parts.map(({ name, how }) => [name, how])).toEqual([
      ['postgres', 'embedded'],
      ['nats', 'embedded'],
      ['redis', 'embedded'],
    ]);
    const settings = await withClient(stack.databaseOwnerUrl, async (client) => {
      const { rows } = await client.query<{ name: string; setting: string }>(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'listen_addresses')",
      );
      return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    });
    expect(settings).toEqual({ fsync: 'on', synchronous_commit: 'on', listen_addresses: '127.0.0.1' });
    const redis = await withRedis(stack.redisUrl, (client) =>
      Promise.all(['appendonly', 'appendfsync', 'maxmemory-policy', 'bind'].map((name) => client.config('GET', name))),
    );
    expect(redis.flat()).toEqual(expect.arrayContaining(['yes', 'everysec', 'noeviction', '127.0.0.1']));
    const nats = await withNats(stack.natsUrl, async ({ info }) => info);
    expect(nats).toMatchObject({ jetstream: true, auth_required: true, host: '127.0.0.1' });
    expect(await readFile(join(dataDir, 'nats', 'nats.conf'), 'utf8')).toContain('sync_interval: always');
    await expect(redisVersion(withoutPassword(stack.redisUrl))).rejects.toThrow('NOAUTH');
    for (const file of ['credentials.json', 'nats/nats.conf', 'redis/redis.conf']) {
      expect((await stat(join(dataDir, file))).mode & 0o777, file).toBe(0o600);
    }
  });

  it('keeps data and passwords from one run to the next, and the second starts within two seconds', async () => {
    const first = await start();
    await leaveMarks(first);
    await first.stop();
    await expect(countMarks(first)).rejects.toThrow();
    const before = performance.now();
    const second = await start();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(await countMarks(second)).toEqual(ONE_EACH);
    expect(new URL(second.natsUrl).password).toBe(new URL(first.natsUrl).password);
    expect(new URL(second.databaseUrl).password).toBe(new URL(first.databaseUrl).password);
  });

  it('recovers what was acknowledged when its servers are killed', async () => {
    const stack = await start();
    await leaveMarks(stack);
    const { postgres, nats, redis } = stack.servers;
    await Promise.all([postgres?.kill(), nats?.kill(), redis?.kill()]);
    await expect(countMarks(stack)).rejects.toThrow();
    await Promise.all([postgres?.start(), nats?.start(), redis?.start()]);
    expect(await countMarks(stack)).toEqual(ONE_EACH);
  });

  it('lets the services in with the restricted role', async () => {
    const stack = await start();
    const { rows } = await withClient(stack.databaseUrl, (client) =>
      client.query(
        "SELECT current_user AS name, pg_has_role('holdpoint_service', 'USAGE') AS service, rolsuper FROM pg_roles WHERE rolname = current_user",
      ),
    );
    expect(rows).toEqual([{ name: 'holdpoint_app', service: true, rolsuper: false }]);
  });

  it('refuses a second stack on the same folder, and lets it in once the first has stopped', async () => {
    const first = await start();
    await expect(startStack({ dataDir })).rejects.toThrow(
      new StackError(`${dataDir} is in use by process ${process.pid}: stop it, or give this one another data folder`),
    );
    await expect(removeStackData(dataDir)).rejects.toThrow('is in use');
    await first.stop();
    expect((await start()).parts).toHaveLength(3);
  });

  it('stops once, however often it is asked', async () => {
    const stack = await start();
    await Promise.all([stack.stop(), stack.stop()]);
    await stack.stop();
    expect(() => stack.servers.redis?.pid).toThrow('redis is not running');
  });

  it.runIf(isRoot())('works and keeps its data below a folder that only root may enter', async () => {
    const shut = join(dataDir, 'shut');
    const inside = join(shut, 'data');
    await mkdir(inside, { recursive: true });
    await chmod(shut, 0o700);
    const first = await startStack({ dataDir: inside });
    await leaveMarks(first);
    await first.stop();
    const second = await startStack({ dataDir: inside });
    expect(await countMarks(second)).toEqual(ONE_EACH);
    await second.stop();
    const elsewhere = await readFile(join(inside, 'postgres', 'location'), 'utf8');
    await removeStackData(inside);
    await expect(stat(elsewhere)).rejects.toThrow('ENOENT');
  });
});

describe('given servers', () => {
  it('are used as they are and left running', async () => {
    const servers = await testServers();
    const { databaseOwnerUrl, databaseUrl, natsUrl, redisUrl } = servers;
    const env = {
      DATABASE_URL: databaseUrl,
      DATABASE_OWNER_URL: databaseOwnerUrl,
      NATS_URL: natsUrl,
      REDIS_URL: redisUrl,
    };
    const stack = await start(env);
    expect(stack).toMatchObject({ databaseOwnerUrl, databaseUrl, natsUrl, redisUrl, servers: {} });
    expect(stack.parts.map(({ how }) => how)).toEqual(['given', 'given', 'given']);
    await stack.stop();
    await leaveMarks(servers);
    expect(await countMarks(servers)).toEqual(ONE_EACH);
    await servers.stop();
  });

  it('run the services with the restricted role where only DATABASE_URL is given', async () => {
    const servers = await testServers({ nats: false, redis: false });
    const stack = await start({ DATABASE_URL: servers.databaseOwnerUrl });
    expect(stack.databaseOwnerUrl).toBe(servers.databaseOwnerUrl);
    const { rows } = await withClient(stack.databaseUrl, (client) => client.query('SELECT current_user AS name'));
    expect(rows).toEqual([{ name: 'holdpoint_service' }]);
    await servers.stop();
  });

  it('that do not answer are told by the name of their variable, and nothing stays behind', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    await expect(start({ REDIS_URL: url })).rejects.toThrow(
      /^REDIS_URL is set, but the server does not answer there: .*ECONNREFUSED/,
    );
    await expect(stat(join(dataDir, 'nats', 'nats.pid'))).rejects.toThrow('ENOENT');
    expect((await start()).parts).toHaveLength(3);
  });
});

describe('a missing server', () => {
  it('gives one error that names it and three ways to supply it, and nothing stays behind', async () => {
    const attempt = startStackWith({ dataDir, env: { PATH: '/nowhere' } }, async () => undefined);
    const error = await attempt.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StackError);
    expect((error as StackError).message).toBe(
      [
        'Redis 6.2 or newer is missing. Three ways to supply it:',
        '  1. set REDIS_URL to one that runs',
        '  2. install it here: `redis-server` or `valkey-server` on the PATH',
        '  3. start a container engine (such as Docker) that answers within 3 seconds',
      ].join('\n'),
    );
    await expect(stat(join(dataDir, 'postgres', 'postgres.pid'))).rejects.toThrow('ENOENT');
    expect((await start()).parts).toHaveLength(3);
  });

  it('waits no longer than three seconds for a container engine that accepts and stays silent', async () => {
    const silent = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${port}`);
    const before = performance.now();
    await findEngine(dataDir);
    expect(performance.now() - before).toBeLessThan(4_500);
    vi.unstubAllEnvs();
    silent.close();
  });
});

function withoutPassword(url: string): string {
  const open = new URL(url);
  open.password = '';
  return open.href;
}
