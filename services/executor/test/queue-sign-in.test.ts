import type { Database } from '@holdpoint/shared/db/schema/index';
import { insertSession } from '@holdpoint/shared/db/sessions';
import type { OidcConfig } from '@holdpoint/shared/runtime/config';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { Scope } from '@holdpoint/shared/runtime/principal';
import type { Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../../scripts/start/identity-provider.ts';
import { executorHarness, type Harness } from './harness.ts';

const PUBLIC_URL = 'http://127.0.0.1:4999';

let harness: Harness;
let provider: IdentityProvider;
let url: string;
let db: Kysely<Database>;

beforeAll(async () => {
  harness = await executorHarness();
  db = createDatabase<Database>(createPool({ url: harness.servers.databaseUrl, applicationName: 'test', max: 1 }));
  provider = await startIdentityProvider(`${harness.config().workspaceDir}/identity.json`, 'acme');
  const oidc: OidcConfig = {
    issuer: provider.issuer,
    discoveryUrl: provider.discoveryUrl,
    clientId: provider.clientId,
    scopes: 'openid',
    name: 'Example <ID>',
    publicUrl: PUBLIC_URL,
    tenantClaim: 'tenant',
    audiencesClaim: 'groups',
    personClaims: [{ name: 'idtyp', value: 'user' }],
  };
  ({ url } = await harness.start({ oidc }));
});
afterAll(async () => {
  await Promise.all([provider?.stop(), db?.destroy()]);
  await harness?.stop();
});

const open = (path: string, cookie = '') =>
  fetch(`${url}${path}`, { redirect: 'manual', headers: { accept: 'text/html', cookie } });

/** As a person who signed in at the console. */
async function session(...scopes: Scope[]): Promise<string> {
  const token = newToken();
  const who = { tenant: 'acme', principal: 'iss|alice', issuer: 'iss', subject: 'alice', name: 'Alice', audiences: [] };
  await insertSession(db, token, { kind: 'person', ...who, scopes: new Set(scopes) }, undefined);
  return `holdpoint_session=${token}`;
}

test('who is signed in at the console and is a platform admin need not sign in again', async () => {
  expect((await open('/queues', await session('read', 'platform'))).status).toBe(200);
  const led = await open('/queues', await session('read', 'admin'));
  expect([led.status, led.headers.get('location')]).toEqual([303, '/queues/login']);
});

test('the login page leads to the identity provider, and back for platform admins alone', async () => {
  const page = await (await open('/queues/login')).text();
  expect(page).toContain('href="/queues/oidc/start?to=/queues"');
  expect(page).toContain('Example &#60;ID&#62;');
  const started = await open('/queues/oidc/start?to=/queues');
  const asked = new URL(started.headers.get('location') ?? '');
  expect(asked.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/queues/oidc/callback`);
  asked.searchParams.set('as', 'alice');
  const back = new URL((await fetch(asked, { redirect: 'manual' })).headers.get('location') ?? '');
  const cookie = started.headers.get('set-cookie')?.split(';')[0] ?? '';
  const refused = await open(`${back.pathname}${back.search}`, cookie);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain('this needs platform');
  expect(refused.headers.get('set-cookie')).not.toContain('holdpoint_session=');
});
