import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureServiceLogin, ServiceLoginError } from '../src/db/service-login.ts';
import { hashApiKey } from '../src/runtime/auth.ts';

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(`../../../scripts/${name}.ts`, import.meta.url));

/** Roles belong to the whole cluster, which other files use too. */
const login = `login "${randomBytes(6).toString('hex')}`;
let servers: TestServers;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
});
afterAll(async () => {
  await ask(servers.databaseOwnerUrl, `DROP ROLE IF EXISTS ${pg.escapeIdentifier(login)}`);
  await servers.stop();
});

test('a login is made that may do what services may, and its password follows the url', async () => {
  for (const password of ["it's", 'another']) {
    await Promise.all([1, 2].map(() => ensureServiceLogin(servers.databaseOwnerUrl, asLogin(login, password))));
    await ask(asLogin(login, password), 'SELECT count(*) FROM plans');
    await expect(ask(asLogin(login, password), 'DELETE FROM receipts')).rejects.toThrow('permission denied');
  }
  await expect(ask(asLogin(login, "it's"), 'SELECT 1')).rejects.toThrow();
});

test('neither the owner nor a superuser nor nobody becomes the login of services', async () => {
  const owner = new URL(servers.databaseOwnerUrl).username;
  for (const [user, password] of [
    [owner, 'a'],
    ['', 'a'],
    ['a', ''],
  ] as const) {
    const refused = ensureServiceLogin(servers.databaseOwnerUrl, asLogin(user, password));
    await expect(refused).rejects.toThrow(ServiceLoginError);
  }
  await ask(servers.databaseOwnerUrl, 'SELECT 1');
});

test('the migration may run again, and says what it lacks', async () => {
  const env = { DATABASE_OWNER_URL: servers.databaseOwnerUrl };
  const migrated = async () => (await run(process.execPath, [script('migrate')], { env })).stdout;
  expect(await migrated()).toMatch(/^the database is current\nindexes of entities: \d+ made, 0 dropped\n$/);
  expect(await migrated()).toBe('the database is current\n');
  const refused = run(process.execPath, [script('migrate')], { env: {} });
  await expect(refused).rejects.toMatchObject({ code: 1, stderr: 'migrate: DATABASE_OWNER_URL: is required\n' });
});

test('an app keeps its key when it is made again, until a new one is asked for', async () => {
  const env = { DATABASE_OWNER_URL: servers.databaseOwnerUrl };
  const create = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [script('create-app'), '--id', 'ops', '--tenant', ...args], { env })).stdout.trim();
  const kept = async () =>
    (await ask(servers.databaseOwnerUrl, "SELECT key_hash, scopes FROM apps WHERE id = 'ops'")).rows[0];

  const key = await create('acme', '--scope', 'plan');
  expect(key).toMatch(/^hp_[\w-]{43}$/);
  expect(await kept()).toEqual({ key_hash: hashApiKey(key), scopes: ['plan'] });

  expect(await create('acme', '--scope', 'read', '--scope', 'plan')).toBe('');
  expect(await kept()).toEqual({ key_hash: hashApiKey(key), scopes: ['plan', 'read'] });

  const another = await create('acme', '--scope', 'read', '--new-key');
  expect(await kept()).toEqual({ key_hash: hashApiKey(another), scopes: ['read'] });

  await expect(create('other', '--scope', 'read')).rejects.toThrow('belongs to another tenant');
  await expect(create('acme', '--scope', 'all')).rejects.toThrow('--scope must be');
  await ask(servers.databaseOwnerUrl, "UPDATE apps SET revoked_at = now() WHERE id = 'ops'");
  await expect(create('acme', '--scope', 'read')).rejects.toThrow('is revoked');
});

function asLogin(user: string, password: string): string {
  const url = new URL(servers.databaseOwnerUrl);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return url.href;
}

async function ask(url: string, query: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(query);
  } finally {
    await client.end();
  }
}
