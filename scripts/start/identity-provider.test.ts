import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OidcConfig } from '@holdpoint/shared/runtime/config';
import { createTokenVerifier } from '@holdpoint/shared/runtime/jwt';
import { createProvider } from '@holdpoint/shared/sign-in/provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the services believe its people, also those of an earlier start', async () => {
  const keyFile = join(folder, 'identity.json');
  const first = await startIdentityProvider(keyFile, 'acme');
  await first.stop();
  const second = await startIdentityProvider(keyFile, 'acme');
  try {
    const claims = {
      tenantClaim: 'tenant',
      audiencesClaim: 'groups',
      personClaims: [{ name: 'idtyp', value: 'user' }],
    };
    const verify = createTokenVerifier({ ...second, ...claims }, new Map(), () => new Date());
    for (const { people } of [first, second]) {
      expect((await verify(people.carol)).principal).toMatchObject({
        kind: 'person',
        tenant: 'acme',
        audiences: ['compliance-team'],
        principal: 'urn:holdpoint:development|carol',
      });
      expect([...(await verify(people.dana)).principal.scopes].sort()).toEqual(['admin', 'read']);
    }
  } finally {
    await second.stop();
  }
});

test('its private key is for its owner only, and never served', async () => {
  const keyFile = join(folder, 'private.json');
  const provider = await startIdentityProvider(keyFile, 'acme');
  try {
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const { keys } = (await (await fetch(provider.jwksUrl)).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
  } finally {
    await provider.stop();
  }
});

describe('who signs in with a browser', () => {
  const WAY_BACK = 'http://127.0.0.1:4004/console/oidc/callback';
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await startIdentityProvider(join(folder, 'browser.json'), 'acme');
  });
  afterAll(() => provider.stop());

  const oidc = (): OidcConfig => ({
    issuer: provider.issuer,
    discoveryUrl: provider.discoveryUrl,
    clientId: provider.clientId,
    scopes: 'openid profile email',
    name: 'development',
    publicUrl: 'http://127.0.0.1:4004',
    tenantClaim: 'tenant',
    audiencesClaim: 'groups',
    personClaims: [{ name: 'idtyp', value: 'user' }],
  });
  const visit = (url: URL | string) => fetch(url, { redirect: 'manual' });

  test('is asked who they are, and is the same person as by their token', async () => {
    const console = createProvider(oidc(), new Map(), () => performance.now());
    const question = await visit(await console.begin('a token', WAY_BACK));
    const link = /href="([^"]*as=bob[^"]*)"/.exec(await question.text())?.[1]?.replaceAll('&#38;', '&') ?? '';
    const back = new URL((await visit(new URL(link, provider.jwksUrl))).headers.get('location') ?? '');
    expect(`${back.origin}${back.pathname}`).toBe(WAY_BACK);
    const { principal } = await console.finish('a token', back);
    expect(principal).toMatchObject({
      kind: 'person',
      tenant: 'acme',
      name: 'Bob',
      audiences: ['reviewer', 'project-admin'],
      principal: 'urn:holdpoint:development|bob',
    });
    await expect(console.finish('a token', back)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('is led nowhere but back to this machine', async () => {
    for (const redirectUri of [
      'https://evil.example/console/oidc/callback',
      'http://127.0.0.1:80@evil.example/console/oidc/callback',
      'http://127.0.0.1:4004/elsewhere',
      'http://127.0.0.1.evil.example:1/console/oidc/callback',
    ]) {
      const url = await createProvider(oidc(), new Map(), () => performance.now()).begin('a token', redirectUri);
      url.searchParams.set('as', 'alice');
      const answer = await visit(url);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
  });

  test('needs the verifier of the challenge', async () => {
    const console = createProvider(oidc(), new Map(), () => performance.now());
    const url = await console.begin('a token', WAY_BACK);
    url.searchParams.set('as', 'alice');
    url.searchParams.set('code_challenge', 'x'.repeat(43));
    const back = new URL((await visit(url)).headers.get('location') ?? '');
    await expect(console.finish('a token', back)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
