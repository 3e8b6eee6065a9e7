import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../src/db/roles.ts';
import { natsOptions } from '../src/nats.ts';
import { privatePostgres, type TestServers, testServers } from '../src/testing/test-servers.ts';
import { withRedis } from './marks.ts';

describe('the servers of a test file', () => {
  let one: TestServers;
  let other: TestServers;

  beforeAll(async () => {
    [one, other] = await Promise.all([testServers(), testServers()]);
  });
  afterAll(() => Promise.all([one?.stop(), other?.stop()]));

  it('share no rows', async () => {
    await withClient(one.databaseOwnerUrl, (client) => client.query('CREATE TABLE marks (id int)'));
    expect(await tables(one.databaseOwnerUrl)).toContain('marks');
    expect(await tables(other.databaseOwnerUrl)).not.toContain('marks');
  });

  it('begin with the migrated tables', async () => {
    expect(await tables(other.databaseOwnerUrl)).toEqual(expect.arrayContaining(['plans', 'actions', 'receipts']));
  });

  it('let the services in with restricted rights only', async () => {
    const rights = await withClient(one.databaseUrl, async (client) => {
      const { rows } = await client.query(
        "SELECT rolsuper, rolcreaterole, pg_has_role('holdpoint_service', 'USAGE') AS service FROM pg_roles WHERE rolname = current_user",
      );
      return rows[0];
    });
    expect(rights).toEqual({ rolsuper: false, rolcreaterole: false, service: true });
    await expect(withClient(one.databaseUrl, (client) => client.query('CREATE TABLE mine (id int)'))).rejects.toThrow(
      /permission denied/,
    );
  });

  it('share no keys', async () => {
    await withRedis(one.redisUrl, (redis) => redis.set('mark', '1'));
    expect(await withRedis(one.redisUrl, (redis) => redis.get('mark'))).toBe('1');
    expect(await withRedis(other.redisUrl, (redis) => redis.get('mark'))).toBeNull();
  });

  it('share no NATS', async () => {
    const [first, second] = await Promise.all([one, other].map(({ natsUrl }) => connect(natsOptions(natsUrl))));
    expect(first?.info?.server_id).not.toBe(second?.info?.server_id);
    await Promise.all([first?.close(), second?.close()]);
  });

  it('come back on the same port with the same keys after a restart, a stop and a kill', async () => {
    await withRedis(one.redisUrl, (redis) => redis.set('kept', 'yes'));
    const pid = one.redis.pid;
    await one.redis.restart();
    expect(one.redis.pid).not.toBe(pid);
    expect(await withRedis(one.redisUrl, (redis) => redis.get('kept'))).toBe('yes');
    await one.redis.stop();
    await expect(withRedis(one.redisUrl, (redis) => redis.get('kept'))).rejects.toThrow();
    await one.redis.start();
    await one.nats.kill();
    await expect(connect({ ...natsOptions(one.natsUrl), timeout: 500 })).rejects.toThrow();
    await one.nats.start();
    const connection = await connect(natsOptions(one.natsUrl));
    await connection.close();
  });
});

describe('asking for less', () => {
  it('starts no server that was switched off, and says so when it is used', async () => {
    const servers = await testServers({ redis: false, nats: false });
    expect(() => servers.redisUrl).toThrow('without redis');
    expect(() => servers.nats).toThrow('without nats');
    await servers.stop();
    await expect(withClient(servers.databaseOwnerUrl, (client) => client.query('SELECT 1'))).rejects.toThrow(
      /does not exist/,
    );
  });
});

describe('a private Postgres', () => {
  it('comes back on the same port with its rows after a kill and a stop', async () => {
    const postgres = await privatePostgres();
    try {
      await withClient(postgres.databaseOwnerUrl, (client) => client.query('CREATE TABLE marks AS SELECT 1 AS id'));
      await postgres.server.kill();
      await postgres.server.start();
      expect(await tables(postgres.databaseOwnerUrl)).toContain('marks');
      await postgres.server.stop();
      await expect(tables(postgres.databaseOwnerUrl)).rejects.toThrow(/ECONNREFUSED/);
      await postgres.server.start();
      expect(await tables(postgres.databaseOwnerUrl)).toContain('marks');
    } finally {
      await postgres.stop();
    }
  });
});

function tables(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    return rows.map(({ name }) => name);
  });
}
