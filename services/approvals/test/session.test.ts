import { hashSession } from '@holdpoint/shared/runtime/auth';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { csrfTokenOf } from '@holdpoint/shared/runtime/session-cookie';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, signedIn } from './browser.ts';
import {
  approvalStatus,
  type Bench,
  eventually,
  givenApp,
  givenApproval,
  ISSUER,
  openBench,
  TENANT,
} from './fixtures.ts';

let bench: Bench;
let service: RunningService;
let other: RunningService;

beforeAll(async () => {
  bench = await openBench();
  [service, other] = await Promise.all([bench.start({ sessionsPollMs: 20 }), bench.start({ sessionsPollMs: 20 })]);
});
afterAll(() => bench?.stop());

const alice = () => signedIn(service.url, bench.issuer);
const tokenOf = (browser: Browser) => browser.cookies.get('holdpoint_session') ?? '';
const rowsOf = (browser: Browser) =>
  bench.owner
    .selectFrom('sessions')
    .selectAll()
    .where('hash', '=', hashSession(tokenOf(browser)))
    .execute();

describe('signing in by token', () => {
  it('answers who is there, and keeps a random token where no script reads it and only its hash in the store', async () => {
    const browser = new Browser(service.url);
    const jwt = await bench.issuer.token('alice', ['reviewer'], { name: 'Alice' });
    const answer = await browser.signIn(` ${jwt}\n`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      person: {
        principal: `${ISSUER}|alice`,
        name: 'Alice',
        tenant: TENANT,
        audiences: ['reviewer'],
        scopes: ['read'],
      },
      csrf: csrfTokenOf(tokenOf(browser)),
      expires_at: expect.any(String),
      services: { executor: false, evaluator: false, ingest: false },
      queues_url: null,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const set = answer.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^holdpoint_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const [row] = await rowsOf(browser);
    expect(row).toMatchObject({ kind: 'person', principal: `${ISSUER}|alice`, audiences: ['reviewer'], app: null });
    expect(JSON.stringify(row)).not.toContain(tokenOf(browser));
    expect(JSON.stringify(row)).not.toContain(jwt);
    expect((await browser.send('GET', '/console/session')).body).toEqual(answer.body);
  });

  it('begins a new session each time, and ends the one before', async () => {
    const browser = await alice();
    const before = tokenOf(browser);
    await browser.signIn(await bench.issuer.token('alice'));
    expect(tokenOf(browser)).not.toBe(before);
    const old = await new Browser(service.url).send('GET', '/console/session', {
      headers: { cookie: `holdpoint_session=${before}` },
    });
    expect(old.status).toBe(401);
  });

  it('keeps the 20 newest of a person', async () => {
    const browsers: Browser[] = [];
    for (let n = 0; n < 21; n += 1) browsers.push(await signedIn(service.url, bench.issuer, 'zoe'));
    const kept = await Promise.all(browsers.map(async (browser) => (await rowsOf(browser)).length));
    expect(kept).toEqual([0, ...Array.from({ length: 20 }, () => 1)]);
  });

  it('is for people alone', async () => {
    const key = await givenApp(bench.owner, ['plan', 'read', 'admin', 'platform']);
    for (const [token, status, code] of [
      [key, 403, 'NOT_A_PERSON'],
      [await bench.issuer.token('bot', ['reviewer'], { idtyp: 'app' }), 403, 'NOT_A_PERSON'],
      [await bench.issuer.token('alice', [], { exp: 1_000 }), 401, 'UNAUTHENTICATED'],
      [await bench.issuer.token('alice', [], { tenant: 'No Name' }), 401, 'UNAUTHENTICATED'],
      ['nonsense', 401, 'UNAUTHENTICATED'],
      [' ', 400, 'INVALID_REQUEST'],
    ] as const) {
      const browser = new Browser(service.url);
      const answer = await browser.signIn(token);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(browser.cookies.size).toBe(0);
    }
  });

  it('is not done for another site, nor by a form', async () => {
    const token = await bench.issuer.token('alice');
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
    ]) {
      expect((await new Browser(service.url).signIn(token, headers as Record<string, string>)).status).toBe(403);
    }
    expect((await new Browser(service.url).signIn(token, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await new Browser(service.url).signIn(token, { origin: service.url })).status).toBe(200);
  });

  it('says by what one may sign in', async () => {
    const { body } = await new Browser(service.url).send('GET', '/console/sign-in-options');
    expect(body).toEqual({ token: true, oidc: null });
  });
});

describe('a session', () => {
  it('is known to every instance', async () => {
    const browser = await alice();
    const answer = await browser.send('GET', '/console/session', { url: other.url });
    expect(answer).toMatchObject({ status: 200, body: { person: { principal: `${ISSUER}|alice` } } });
  });

  it('ends with the token it was made from, and after twelve hours at most', async () => {
    const exp = Math.floor(Date.now() / 1000) + 120;
    const short = await signedIn(service.url, bench.issuer, 'alice', [], { exp });
    expect((await short.send('GET', '/console/session')).body.expires_at).toBe(new Date(exp * 1000).toISOString());
    const long = await signedIn(service.url, bench.issuer, 'alice', [], { exp: exp + 30 * 86_400 });
    const expires = Date.parse((await long.send('GET', '/console/session')).body.expires_at);
    expect(Math.abs(expires - Date.now() - 12 * 3_600_000)).toBeLessThan(60_000);
  });

  it.each([
    ['past its end', 'expires_at'],
    ['not used for two hours', 'used_at'],
  ] as const)('lets nobody in once it is %s, and is removed', async (_, column) => {
    const browser = await alice();
    await bench.owner
      .updateTable('sessions')
      .set({ [column]: sql`clock_timestamp() - interval '2 hours'` })
      .where('hash', '=', hashSession(tokenOf(browser)))
      .execute();
    // The other instance has not seen it before.
    expect((await browser.send('GET', '/console/session', { url: other.url })).status).toBe(401);
    expect((await browser.send('GET', '/v1/approvals', { url: other.url })).status).toBe(401);
    await eventually('it is removed', async () => ((await rowsOf(browser)).length === 0 ? true : undefined));
  });

  it('is kept alive by use, noted once a minute', async () => {
    const browser = await alice();
    const set = async (interval: string) =>
      bench.owner
        .updateTable('sessions')
        .set({ used_at: sql`clock_timestamp() - ${interval}::interval` })
        .where('hash', '=', hashSession(tokenOf(browser)))
        .returning('used_at')
        .executeTakeFirstOrThrow();
    const { used_at: recently } = await set('30 seconds');
    await browser.send('GET', '/console/session', { url: other.url });
    expect((await rowsOf(browser))[0]?.used_at).toEqual(recently);
    const again = await alice();
    await bench.owner
      .updateTable('sessions')
      .set({ used_at: sql`clock_timestamp() - interval '90 minutes'` })
      .where('hash', '=', hashSession(tokenOf(again)))
      .execute();
    await again.send('GET', '/console/session', { url: other.url });
    const [row] = await rowsOf(again);
    expect(Date.now() - (row?.used_at.getTime() ?? 0)).toBeLessThan(60_000);
  });

  it('ends with signing out, and its cookie is good nowhere', async () => {
    const browser = await alice();
    const token = tokenOf(browser);
    const refused = await browser.send('POST', '/console/sign-out', { headers: { 'x-csrf-token': 'wrong' } });
    expect(refused.status).toBe(403);
    expect((await browser.send('POST', '/console/sign-out')).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    for (const { url } of [service, other]) {
      const headers = { cookie: `holdpoint_session=${token}` };
      expect((await browser.send('GET', '/v1/approvals', { url, headers })).status).toBe(401);
    }
    // Who is signed out may sign out.
    expect((await browser.send('POST', '/console/sign-out')).status).toBe(204);
  });
});

describe('a door', () => {
  const vote = (browser: Browser, id: string, headers: Record<string, string> = {}) =>
    browser.send('POST', `/v1/approvals/${id}/approve`, { body: {}, headers });

  it.each<[string, (browser: Browser) => Record<string, string> | Promise<Record<string, string>>, number]>([
    ['no cookie', () => ({ cookie: 'a=b' }), 401],
    ['a cookie of nobody', () => ({ cookie: `holdpoint_session=${'x'.repeat(43)}` }), 403],
    ['a tampered cookie', (own) => ({ cookie: `holdpoint_session=${flip(tokenOf(own))}` }), 403],
    [
      'a tampered cookie with its own CSRF token',
      (own) => ({
        cookie: `holdpoint_session=${flip(tokenOf(own))}`,
        'x-csrf-token': csrfTokenOf(flip(tokenOf(own))),
      }),
      401,
    ],
    ['a JWT in the cookie', async () => ({ cookie: `holdpoint_session=${await bench.issuer.token('alice')}` }), 401],
    ['a hash in the cookie', (own) => ({ cookie: `holdpoint_session=${hashSession(tokenOf(own))}` }), 401],
    ['no CSRF token', () => ({ 'x-csrf-token': '' }), 403],
    ['a wrong CSRF token', () => ({ 'x-csrf-token': 'x'.repeat(43) }), 403],
    ["another session's CSRF token", async () => ({ 'x-csrf-token': (await alice()).csrf }), 403],
    ['another site', () => ({ 'sec-fetch-site': 'cross-site' }), 403],
    ['another port of this host', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    [
      "another tenant's person",
      async () => {
        const stranger = await signedIn(service.url, bench.issuer, 'alice', ['reviewer'], { tenant: 'elsewhere' });
        return { cookie: stranger.cookie, 'x-csrf-token': stranger.csrf };
      },
      404,
    ],
    [
      'a service’s token',
      async () => ({ authorization: `Bearer ${await bench.issuer.token('bot', ['reviewer'], { idtyp: 'app' })}` }),
      403,
    ],
    ['an API key', async () => ({ authorization: `Bearer ${await givenApp(bench.owner, ['read', 'admin'])}` }), 403],
    ['a bad key beside a good cookie', () => ({ authorization: 'Bearer hp_nonsense' }), 401],
  ])('where a person decides stays shut for %s', async (_, headersFor, status) => {
    const { approvalId } = await givenApproval(bench.owner);
    const browser = await alice();
    expect((await vote(browser, approvalId, await headersFor(browser))).status).toBe(status);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    expect((await vote(browser, approvalId)).status).toBe(200);
  });

  it('is read with the cookie alone', async () => {
    const { approvalId } = await givenApproval(bench.owner);
    const browser = await alice();
    browser.csrf = '';
    expect((await browser.send('GET', `/v1/approvals/${approvalId}`)).status).toBe(200);
  });

  it('over https hears only the cookie that no neighbour can plant', async () => {
    const proxied = await bench.start({}, { TRUST_PROXY: 'true' });
    const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'console.example' };
    const browser = new Browser(proxied.url);
    const answer = await browser.signIn(await bench.issuer.token('alice'), https);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-holdpoint_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    const token = browser.cookies.get('__Host-holdpoint_session');
    const ask = (cookie: string) => browser.send('GET', '/console/session', { headers: { ...https, cookie } });
    expect((await ask(`__Host-holdpoint_session=${token}`)).status).toBe(200);
    expect((await ask(`holdpoint_session=${token}`)).status).toBe(401);
    const origin = { ...https, origin: 'https://console.example' };
    expect((await browser.send('POST', '/console/sign-out', { headers: origin })).status).toBe(204);
  });
});

const flip = (token: string) => token.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
