import type { Database } from '@holdpoint/shared/db/schema/index';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConnectorKv } from '../src/worker/connector-kv.ts';

let servers: TestServers;
let databases: Kysely<Database>[];

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  // Two processes, as it were.
  databases = ['one', 'two'].map((applicationName) =>
    createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName, max: 8 })),
  );
});
afterAll(async () => {
  await Promise.all(databases.map((db) => db.destroy()));
  await servers.stop();
});

const memory = (tenant = 'acme', connector = 'alpha', entriesMax?: number, which = 0) =>
  createConnectorKv(databases[which % 2] as Kysely<Database>, tenant, connector, entriesMax);

test('of 24 that compare and set at once exactly one wins, round after round', async () => {
  let held: string | null = null;
  for (let round = 0; round < 20; round += 1) {
    const expected = held;
    const values = Array.from({ length: 24 }, (_, index) => `${round}:${index}`);
    const won = await Promise.all(
      values.map((value, index) => memory('acme', 'alpha', undefined, index).compareAndSet('turn', expected, value)),
    );
    const winners = values.filter((_, index) => won[index]);
    expect(winners).toHaveLength(1);
    held = await memory().get('turn');
    expect(held).toBe(winners[0]);
  }
});

test('compare and set sees its own tenant and connector, and no entry whose time is up', async () => {
  const kv = memory('acme', 'times');
  expect(await kv.compareAndSet('k', 'never was', 'a')).toBe(false);
  expect(await kv.compareAndSet('k', null, 'a', { ttlSeconds: 60 })).toBe(true);
  expect(await kv.compareAndSet('k', null, 'b')).toBe(false);
  expect(await memory('zeta', 'times').compareAndSet('k', 'a', 'b')).toBe(false);
  expect(await memory('acme', 'other').compareAndSet('k', null, 'b')).toBe(true);
  expect(await kv.compareAndSet('k', 'a', 'b')).toBe(true);
  expect(await kv.get('k')).toBe('b');
  await kv.compareAndSet('brief', null, 'a', { ttlSeconds: 1 });
  await expect.poll(() => kv.get('brief'), { timeout: 5_000 }).toBeNull();
  expect(await kv.compareAndSet('brief', 'a', 'b')).toBe(false);
  expect(await kv.compareAndSet('brief', null, 'c')).toBe(true);
  expect(await kv.get('brief')).toBe('c');
});

test('a connector remembers so much in a tenant and no more, whoever adds at once', async () => {
  const kv = memory('acme', 'full', 10);
  const adds = await Promise.allSettled(
    Array.from({ length: 24 }, (_, index) => memory('acme', 'full', 10, index).set(`k${index}`, 'v')),
  );
  const refused = adds.filter((add) => add.status === 'rejected');
  expect(refused).toHaveLength(14);
  for (const { reason } of refused) {
    expect(reason).toEqual(new RangeError('full remembers 10 entries in acme, and no more'));
  }
  const [there] = adds.flatMap((add, index) => (add.status === 'fulfilled' ? [`k${index}`] : []));
  await kv.set(there as string, 'what is there may change');
  await expect(kv.compareAndSet('another', null, 'v')).rejects.toThrow(RangeError);
  await memory('zeta', 'full', 10).set('another', 'v');
  await kv.delete(there as string);
  expect(await kv.compareAndSet('another', null, 'v')).toBe(true);
});

test('a key, a value or a time outside its limits is a mistake', async () => {
  const kv = memory();
  await expect(kv.compareAndSet('', null, 'v')).rejects.toThrow(RangeError);
  await expect(kv.compareAndSet('k', null, 'x'.repeat(64 * 1024 + 1))).rejects.toThrow(RangeError);
  await expect(kv.compareAndSet('k', 'a\0', 'v')).rejects.toThrow(RangeError);
  await expect(kv.set('k', '\ud800')).rejects.toThrow(RangeError);
  await expect(kv.set('k', 'v', { ttlSeconds: Number.NaN })).rejects.toThrow(RangeError);
});
