import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AppRow,
  createAuthenticator,
  hashApiKey,
  hashSession,
  mayProposeAs,
  type Principal,
  requirePerson,
  requireScope,
  type SessionRow,
} from '@holdpoint/shared/runtime/auth';
import type { People } from '@holdpoint/shared/runtime/claims';
import { authenticated, createHttp } from '@holdpoint/shared/runtime/http';
import { newToken } from '@holdpoint/shared/runtime/ids';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordingLogger } from './recording-logger.ts';

const ISSUER = 'https://id.example';
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let keyServer: Server;
let jwksUrl: string;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
  keyServer = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
  jwksUrl = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/jwks`;
});
afterAll(() => {
  keyServer.close();
});

const alice = { tenant: 'acme', idtyp: 'user', groups: ['reviewer'], name: 'Alice' };

function token(
  claims: JWTPayload,
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
  key = keys.privateKey,
  kid = 'k1',
) {
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(ISSUER)
    .setAudience('holdpoint')
    .setSubject('alice')
    .setExpirationTime('5m');
  return change(jwt).sign(key);
}

function authenticatorWith(
  options: { apps?: Record<string, AppRow>; url?: string; elapsedMs?: () => number; people?: People } = {},
) {
  const lookups: string[] = [];
  const authenticator = createAuthenticator({
    async findApp(hash) {
      lookups.push(hash);
      return options.apps?.[hash];
    },
    findSession: async () => undefined,
    people: options.people ?? new Map(),
    jwt: {
      jwksUrl: options.url ?? jwksUrl,
      issuer: ISSUER,
      audience: 'holdpoint',
      tenantClaim: 'tenant',
      audiencesClaim: 'groups',
      personClaims: [{ name: 'idtyp', value: 'user' }],
    },
    clock: () => new Date(),
    elapsedMs: options.elapsedMs ?? (() => performance.now()),
  });
  const as = (bearer: string) => authenticator.authenticate({ authorization: `Bearer ${bearer}` });
  return { authenticator, as, lookups };
}

function app(key: string, scopes: string[], operators: string[] | null = null): Record<string, AppRow> {
  return { [hashApiKey(key)]: { id: 'app-1', tenant: 'acme', scopes, operators } };
}

describe('API keys', () => {
  test('a key is its app, with tenant, scopes and operators', async () => {
    const key = `hp_${newToken()}`;
    const { as } = authenticatorWith({ apps: app(key, ['plan', 'read', 'fly'], ['shop-bot']) });
    const principal = await as(key);
    expect(principal).toEqual({
      kind: 'app',
      id: 'app-1',
      tenant: 'acme',
      principal: 'app|app-1',
      scopes: new Set(['plan', 'read']),
      operators: ['shop-bot'],
    });
    expect(mayProposeAs(principal, 'shop-bot')).toBe(true);
    expect(mayProposeAs(principal, 'other-bot')).toBe(false);
  });

  test('a well-formed key of no app is refused, and so are other headers', async () => {
    const { as, authenticator, lookups } = authenticatorWith();
    await expect(as(`hp_${newToken()}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    await expect(as(`hp_${'x'.repeat(5000)}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    for (const authorization of [undefined, '', 'Bearer', 'Basic YTpi', 'Bearer a b']) {
      await expect(authenticator.authenticate({ authorization })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(lookups).toHaveLength(1);
  });

  test('the store is asked once in ten seconds, by hash only, for known and unknown keys', async () => {
    const key = `hp_${newToken()}`;
    let ms = 0;
    const { as, lookups } = authenticatorWith({ apps: app(key, ['read']), elapsedMs: () => ms });
    await Promise.all([as(key), as(key), as(key)]);
    ms = 9_999;
    await as(key);
    expect(lookups).toEqual([hashApiKey(key)]);
    ms = 10_001;
    await as(key);
    expect(lookups).toHaveLength(2);
    await expect(as('hp_unknown')).rejects.toThrow();
    await expect(as('hp_unknown')).rejects.toThrow();
    expect(lookups).toHaveLength(3);
  });

  test('guesses do not push out a known app, and the memory is bounded', async () => {
    const key = `hp_${newToken()}`;
    const { as, lookups } = authenticatorWith({ apps: app(key, ['read']), elapsedMs: () => 0 });
    await as(key);
    for (let guess = 0; guess <= 1_000; guess += 1) await as(`hp_guess${guess}`).catch(() => {});
    await as(key);
    expect(lookups).toHaveLength(1_002);
    await as('hp_guess0').catch(() => {});
    expect(lookups).toHaveLength(1_003);
  });

  test('a lookup that fails is not remembered', async () => {
    let broken = true;
    const authenticator = createAuthenticator({
      async findApp() {
        if (broken) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
        return { id: 'a', tenant: 'acme', scopes: ['read'], operators: null };
      },
      findSession: async () => undefined,
      people: new Map(),
      clock: () => new Date(),
      elapsedMs: () => performance.now(),
    });
    await expect(authenticator.authenticateToken('hp_key')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    broken = false;
    expect(await authenticator.authenticateToken('hp_key')).toMatchObject({
      principal: { tenant: 'acme', operators: '*' },
    });
    await expect(authenticator.authenticateToken('a.jwt.here')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('sessions', () => {
  const row: SessionRow = {
    kind: 'person',
    tenant: 'acme',
    principal: `${ISSUER}|alice`,
    issuer: ISSUER,
    subject: 'alice',
    name: 'Alice',
    app: null,
    audiences: ['reviewer'],
    scopes: ['read', 'fly'],
    expires_at: new Date(60_000),
    left_ms: 60_000,
  };

  function store(rows: Record<string, SessionRow>) {
    const lookups: string[] = [];
    const clock = { ms: 0, wallMs: 0 };
    let arrive: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const authenticator = createAuthenticator({
      findApp: async () => undefined,
      async findSession(hash) {
        lookups.push(hash);
        const found = rows[hash];
        if (rows.slow) await held;
        return found;
      },
      people: new Map(),
      clock: () => new Date(clock.wallMs),
      elapsedMs: () => clock.ms,
    });
    return { authenticator, rows, lookups, clock, arrive: () => arrive?.() };
  }

  test('one is looked up by its hash, and its person is as when they signed in', async () => {
    const { authenticator, lookups } = store({ [hashSession('cookie')]: row });
    expect(await authenticator.findSession('cookie')).toEqual({
      principal: {
        kind: 'person',
        tenant: 'acme',
        principal: `${ISSUER}|alice`,
        issuer: ISSUER,
        subject: 'alice',
        name: 'Alice',
        audiences: ['reviewer'],
        scopes: new Set(['read']),
      },
      expiresAt: row.expires_at,
    });
    expect(lookups).toEqual([hashSession('cookie')]);
    expect(await authenticator.findSession('other')).toBeUndefined();
  });

  test('one that was ended elsewhere is good for five seconds more, and one that is past its end for none', async () => {
    const { authenticator, rows, clock, lookups } = store({ [hashSession('cookie')]: row });
    expect(await authenticator.findSession('cookie')).toBeDefined();
    delete rows[hashSession('cookie')];
    clock.ms = 4_999;
    expect(await authenticator.findSession('cookie')).toBeDefined();
    expect(lookups).toHaveLength(1);
    clock.ms = 5_000;
    expect(await authenticator.findSession('cookie')).toBeUndefined();
    const short = store({ [hashSession('cookie')]: { ...row, left_ms: 1_000 } });
    expect(await short.authenticator.findSession('cookie')).toBeDefined();
    short.clock.ms = 1_000;
    expect(await short.authenticator.findSession('cookie')).toBeUndefined();
  });

  test('a clock that is set back or ahead keeps none longer, and ends none', async () => {
    const { authenticator, rows, clock } = store({ [hashSession('cookie')]: row });
    clock.wallMs = 600_000;
    expect(await authenticator.findSession('cookie')).toBeDefined();
    delete rows[hashSession('cookie')];
    clock.wallMs = -600_000;
    clock.ms = 5_000;
    expect(await authenticator.findSession('cookie')).toBeUndefined();
  });

  test('one that was ended here is good no more, also where it was being looked up', async () => {
    const { authenticator, rows, arrive } = store({ [hashSession('cookie')]: row, slow: row });
    const asked = authenticator.findSession('cookie');
    delete rows[hashSession('cookie')];
    authenticator.forgetSession('cookie');
    arrive();
    await asked;
    expect(await authenticator.findSession('cookie')).toBeUndefined();
  });

  test('an app’s session proposes as nobody', async () => {
    const app: SessionRow = { ...row, kind: 'app', app: 'app-1', principal: 'app|app-1', scopes: ['platform'] };
    const { authenticator } = store({ [hashSession('cookie')]: app });
    const { principal } = (await authenticator.findSession('cookie')) ?? {};
    expect(principal).toMatchObject({ kind: 'app', id: 'app-1', operators: [] });
    expect(mayProposeAs(principal as Principal, 'shop-bot')).toBe(false);
  });
});

describe('tokens', () => {
  test('a person is iss|sub, in the audiences that the identity provider names', async () => {
    expect(await authenticatorWith().as(await token(alice))).toEqual({
      kind: 'person',
      tenant: 'acme',
      issuer: ISSUER,
      subject: 'alice',
      principal: `${ISSUER}|alice`,
      name: 'Alice',
      audiences: ['reviewer'],
      scopes: new Set(['read']),
    });
  });

  test('a token without the person claim is a service, not a person', async () => {
    const { as } = authenticatorWith();
    const principal = await as(await token({ ...alice, idtyp: 'app' }));
    expect(principal.kind).toBe('service');
    expect(() => requirePerson(principal)).toThrow(expect.objectContaining({ code: 'NOT_A_PERSON' }));
  });

  test('groups make an admin of the tenant, and of the platform', async () => {
    const { as } = authenticatorWith();
    const admin = await as(await token({ ...alice, groups: ['holdpoint-admin'] }));
    const platform = await as(await token({ ...alice, groups: ['holdpoint-platform'] }));
    expect([...admin.scopes].sort()).toEqual(['admin', 'read']);
    expect([...platform.scopes].sort()).toEqual(['platform', 'read']);
  });

  test.each<[string, () => Promise<string>]>([
    ['expired', () => token(alice, (jwt) => jwt.setExpirationTime(Math.floor(Date.now() / 1000) - 60))],
    ['of another issuer', () => token(alice, (jwt) => jwt.setIssuer('https://evil.example'))],
    ['for another audience', () => token(alice, (jwt) => jwt.setAudience('other'))],
    ['not yet valid', () => token(alice, (jwt) => jwt.setNotBefore('10m'))],
    ['without a tenant', () => token({ ...alice, tenant: undefined })],
    ['with a tenant that is no name', () => token({ ...alice, tenant: 'a.b' })],
    ['signed by another key', async () => token(alice, undefined, (await generateKeyPair('ES256')).privateKey)],
    ['of an unknown key', () => token(alice, undefined, keys.privateKey, 'k2')],
    [
      'unsigned',
      async () => {
        const [, payload] = (await token(alice)).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
      },
    ],
    [
      'signed with the public key as a shared secret',
      async () => {
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
        return new SignJWT(alice)
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .setIssuer(ISSUER)
          .setAudience('holdpoint')
          .setSubject('alice')
          .setExpirationTime('5m')
          .sign(secret);
      },
    ],
    ['not a token at all', async () => 'abc'],
  ])('one that is %s is refused', async (_, make) => {
    await expect(authenticatorWith().as(await make())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('keys that cannot be fetched are our trouble, not the caller’s', async () => {
    const { as } = authenticatorWith({ url: 'http://127.0.0.1:1/jwks' });
    await expect(as(await token(alice))).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE', retryable: true });
  });
});

describe('guards', () => {
  const principal = (scopes: string[], tenant = 'acme') =>
    ({ kind: 'app', id: 'a', tenant, principal: 'app|a', operators: '*', scopes: new Set(scopes) }) as Principal;
  const refused = expect.objectContaining({ code: 'FORBIDDEN', status: 403 });

  test('a scope holds in its own tenant only; platform holds everywhere', () => {
    requireScope(principal(['admin']), 'admin', 'acme');
    expect(() => requireScope(principal(['admin']), 'admin', 'other')).toThrow(refused);
    requireScope(principal(['platform']), 'admin', 'other');
    requireScope(principal(['platform']), 'platform');
  });

  test('admin implies plan and read, and nothing implies admin or platform', () => {
    requireScope(principal(['admin']), 'plan', 'acme');
    requireScope(principal(['admin']), 'read', 'acme');
    expect(() => requireScope(principal(['admin']), 'platform')).toThrow(refused);
    expect(() => requireScope(principal(['plan', 'read']), 'admin')).toThrow(refused);
    expect(() => requireScope(principal(['plan']), 'read')).toThrow(refused);
    expect(() => requireScope(principal(['read']), 'plan')).toThrow(refused);
  });

  test('a guarded route refuses before it reads the body, and knows who asks after', async () => {
    const key = `hp_${newToken()}`;
    const { authenticator } = authenticatorWith({ apps: app(key, ['read']) });
    const http = await createHttp({
      service: 'approvals',
      logger: recordingLogger().logger,
      metrics: createMetrics('approvals'),
      checks: {},
      openapi: { title: 'x', description: 'x' },
      bodyMaxBytes: 1024,
    });
    const guard = (scope: Parameters<typeof authenticated>[0]['scope']) => ({
      onRequest: authenticated({ authenticator, scope }),
    });
    http.app.post('/read', guard('read'), async (request) => ({ who: request.principal.principal }));
    http.app.post('/decide', guard('person'), async () => ({}));
    http.app.post('/settle', guard(['person', 'admin']), async () => ({}));
    http.app.post('/open', async (request) => ({ who: request.principal.principal }));
    const send = async (path: string, bearer?: string, payload = '{}') => {
      const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) };
      const response = await http.app.inject({ method: 'POST', url: path, headers, payload });
      return [response.statusCode, response.json().code ?? response.json().who];
    };
    const person = await token(alice);
    expect(await send('/read', undefined, 'not json')).toEqual([401, 'UNAUTHENTICATED']);
    expect(await send('/read', key)).toEqual([200, 'app|app-1']);
    expect(await send('/decide', key)).toEqual([403, 'NOT_A_PERSON']);
    expect((await send('/decide', person))[0]).toBe(200);
    expect(await send('/settle', key)).toEqual([403, 'FORBIDDEN']);
    expect((await send('/settle', person))[0]).toBe(200);
    expect(await send('/open', key)).toEqual([401, 'UNAUTHENTICATED']);
    await http.close();
  });
});
