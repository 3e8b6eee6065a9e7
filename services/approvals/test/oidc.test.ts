import { insertSignIn, removeLateSignIns } from '@holdpoint/shared/db/sign-ins';
import { hashSession } from '@holdpoint/shared/runtime/auth';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser, type BrowserAnswer } from './browser.ts';
import { type Bench, openBench } from './fixtures.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type LyingProvider,
  type RunningProvider,
  startLyingProvider,
  startRealProvider,
} from './identity-providers.ts';

const ALICE = { name: 'Alice', tenant: 'acme', idtyp: 'user', realm_access: { roles: ['reviewer'] } };
const PUBLIC_URL = 'http://127.0.0.1:4999';
const CALLBACK = `${PUBLIC_URL}/console/oidc/callback`;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.stop());

const environment = (issuer: string) => ({
  JWKS_URL: '',
  JWT_ISSUER: '',
  JWT_AUDIENCE: '',
  JWT_AUDIENCES_CLAIM: 'realm_access.roles',
  OIDC_ISSUER: issuer,
  OIDC_CLIENT_ID: CLIENT_ID,
  OIDC_CLIENT_SECRET: CLIENT_SECRET,
  OIDC_NAME: 'Example ID',
  PUBLIC_URL: `${PUBLIC_URL}/`,
});

/** Goes through the provider's own pages as a person would, and stops where the browser is sent back to the console. */
async function throughProvider(start: string, login: string): Promise<string> {
  const jar = new Browser(new URL(start).origin);
  let at = start;
  let answer = await jar.send('GET', at);
  for (let steps = 0; steps < 12; steps += 1) {
    const location = answer.headers.get('location');
    if (location) {
      at = new URL(location, at).href;
      if (at.startsWith(PUBLIC_URL)) return at;
      answer = await jar.send('GET', at);
    } else {
      const action = /<form[^>]* action="([^"]+)"/.exec(answer.body)?.[1];
      if (!action) throw new Error(`nothing to do at ${at}: ${answer.body}`);
      const prompt = /name="prompt" value="([^"]+)"/.exec(answer.body)?.[1] ?? '';
      at = new URL(action, at).href;
      answer = await jar.submit(at, { prompt, login, password: 'any' });
    }
  }
  throw new Error('no end of pages');
}

const pathOf = (url: string) => url.slice(PUBLIC_URL.length);
const leadsTo = (answer: BrowserAnswer) => /content="0; url=([^"]+)"/.exec(answer.body)?.[1];

describe('with a certified provider', () => {
  let provider: RunningProvider;
  let service: RunningService;
  let other: RunningService;

  beforeAll(async () => {
    provider = await startRealProvider([CALLBACK], {
      alice: ALICE,
      robot: { ...ALICE, idtyp: 'app' },
      stranger: { ...ALICE, tenant: undefined },
      agent: { ...ALICE, act: { sub: 'agent-7' } },
    });
    [service, other] = await Promise.all([
      bench.start({}, environment(provider.issuer)),
      bench.start({}, environment(provider.issuer)),
    ]);
  });
  afterAll(() => provider?.stop());

  async function begin(browser: Browser, to?: string): Promise<string> {
    const answer = await browser.send('GET', `/console/oidc/start${to ? `?to=${encodeURIComponent(to)}` : ''}`);
    expect(answer.status).toBe(302);
    return answer.headers.get('location') ?? '';
  }

  it('is offered by its name', async () => {
    const { body } = await new Browser(service.url).send('GET', '/console/sign-in-options');
    expect(body).toEqual({ token: false, oidc: { name: 'Example ID', start: '/console/oidc/start' } });
  });

  it('signs a person in, by PKCE, and leads them on to where they wanted', async () => {
    const browser = new Browser(service.url);
    const start = await begin(browser, '/approvals/1?a=b');
    const asked = new URL(start).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: CLIENT_ID,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    const back = await browser.send('GET', pathOf(await throughProvider(start, 'alice')));
    expect(back.status).toBe(200);
    expect(leadsTo(back)).toBe('/approvals/1?a=b');
    const [gone, set] = back.headers.getSetCookie();
    expect(gone).toMatch(/^holdpoint_sign_in=; .*Max-Age=0/);
    expect(set).toMatch(/^holdpoint_session=[^;]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const session = await browser.send('GET', '/console/session');
    expect(session.body.person).toEqual({
      principal: `${provider.issuer}|alice`,
      name: 'Alice',
      tenant: 'acme',
      audiences: ['reviewer'],
      scopes: ['read'],
    });
    // No longer than the ID token.
    expect(Date.parse(session.body.expires_at) - Date.now()).toBeLessThanOrEqual(600_000);
  });

  it('may be begun at one instance and finished at another', async () => {
    const browser = new Browser(service.url);
    const url = await throughProvider(await begin(browser), 'alice');
    const answer = await browser.send('GET', pathOf(url), { url: other.url });
    expect([answer.status, leadsTo(answer)]).toEqual([200, '/']);
  });

  it.each([
    ['robot', 403],
    ['stranger', 401],
    ['agent', 403],
  ])('lets no %s in', async (login, status) => {
    const browser = new Browser(service.url);
    const answer = await browser.send('GET', pathOf(await throughProvider(await begin(browser), login)));
    expect(answer.status).toBe(status);
    expect(answer.body).toContain('Not signed in');
    expect(browser.cookies.has('holdpoint_session')).toBe(false);
  });

  it('takes a way back once', async () => {
    const browser = new Browser(service.url);
    const url = pathOf(await throughProvider(await begin(browser), 'alice'));
    const { cookie } = browser;
    expect((await browser.send('GET', url)).status).toBe(200);
    expect((await new Browser(service.url).send('GET', url, { headers: { cookie } })).status).toBe(401);
  });

  it('takes a code once, whatever it comes with', async () => {
    const browser = new Browser(service.url);
    const code = new URL(await throughProvider(await begin(browser), 'alice')).searchParams.get('code') ?? '';
    const again = new Browser(service.url);
    const own = new URL(await throughProvider(await begin(again), 'alice'));
    own.searchParams.set('code', code);
    // Of another verifier: the provider itself refuses.
    expect((await again.send('GET', `${own.pathname}${own.search}`)).status).toBe(401);
  });

  it.each<[string, (url: URL) => void, boolean]>([
    ['another state', (url) => url.searchParams.set('state', 'x'.repeat(43)), true],
    ['no state', (url) => url.searchParams.delete('state'), true],
    ['no code', (url) => url.searchParams.delete('code'), true],
    ['another issuer', (url) => url.searchParams.set('iss', 'https://evil.example'), true],
    ['an error of the provider', (url) => url.searchParams.set('error', 'access_denied'), true],
    ['no cookie', () => {}, false],
  ])('refuses a way back with %s', async (_, change, withCookie) => {
    const browser = new Browser(service.url);
    const url = new URL(await throughProvider(await begin(browser), 'alice'));
    change(url);
    if (!withCookie) browser.cookies.clear();
    const answer = await browser.send('GET', `${url.pathname}${url.search}`);
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('Begin again');
    expect(browser.cookies.has('holdpoint_session')).toBe(false);
  });

  it('refuses one browser the way back of another', async () => {
    const [browser, victim] = [new Browser(service.url), new Browser(service.url)];
    const url = await throughProvider(await begin(browser), 'alice');
    await begin(victim);
    expect((await victim.send('GET', pathOf(url))).status).toBe(401);
    expect(victim.cookies.has('holdpoint_session')).toBe(false);
  });

  it('refuses who comes back too late', async () => {
    const browser = new Browser(service.url);
    const url = await throughProvider(await begin(browser), 'alice');
    await bench.owner.updateTable('sign_ins').set({ expires_at: sql`clock_timestamp()` }).execute();
    expect((await browser.send('GET', pathOf(url))).status).toBe(401);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/.//evil.example'])(
    'leads nobody to %s',
    async (to) => {
      const browser = new Browser(service.url);
      const answer = await browser.send('GET', pathOf(await throughProvider(await begin(browser, to), 'alice')));
      expect([answer.status, leadsTo(answer)]).toEqual([200, '/']);
    },
  );

  it('lets go of who is late, and beyond the most of the oldest', async () => {
    await bench.owner.deleteFrom('sign_ins').execute();
    for (const token of ['first', 'second', 'third', 'late']) await insertSignIn(bench.db, token, '/');
    await bench.owner
      .updateTable('sign_ins')
      .set({ expires_at: sql`clock_timestamp()` })
      .where('hash', '=', hashSession('late'))
      .execute();
    await removeLateSignIns(bench.db);
    const kept = async () =>
      (await bench.owner.selectFrom('sign_ins').select('hash').orderBy('expires_at').execute()).map(({ hash }) => hash);
    expect(await kept()).toEqual(['first', 'second', 'third'].map(hashSession));
    await removeLateSignIns(bench.db, 2);
    expect(await kept()).toEqual(['second', 'third'].map(hashSession));
  });

  it('keeps hashes alone of who is on their way', async () => {
    await bench.owner.deleteFrom('sign_ins').execute();
    const browser = new Browser(service.url);
    const asked = new URL(await begin(browser)).searchParams;
    const [row] = await bench.owner.selectFrom('sign_ins').selectAll().execute();
    const kept = JSON.stringify(row);
    for (const secret of [browser.cookies.get('holdpoint_sign_in'), asked.get('state'), asked.get('nonce')]) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(kept).not.toContain(secret);
    }
  });
});

describe('with a provider that lies', () => {
  let provider: LyingProvider;
  let service: RunningService;

  beforeAll(async () => {
    provider = await startLyingProvider(ALICE);
    service = await bench.start({}, environment(provider.issuer));
  });
  beforeEach(() => {
    provider.lie = {};
  });
  afterAll(() => provider?.stop());

  async function signIn(): Promise<BrowserAnswer & { browser: Browser }> {
    const browser = new Browser(service.url);
    const start = await browser.send('GET', '/console/oidc/start');
    const sent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    return { browser, ...(await browser.send('GET', pathOf(sent.headers.get('location') ?? ''))) };
  }

  it('believes the truth, for the verifier of its own challenge', async () => {
    expect((await signIn()).status).toBe(200);
    expect(provider.exchanges.at(-1)?.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('asks about a way back once, even of one that would take it again', async () => {
    const browser = new Browser(service.url);
    const start = await browser.send('GET', '/console/oidc/start');
    const sent = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    const url = pathOf(sent.headers.get('location') ?? '');
    const headers = { cookie: browser.cookie };
    const before = provider.exchanges.length;
    const answers = await Promise.all([1, 2, 3].map(() => new Browser(service.url).send('GET', url, { headers })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    expect(provider.exchanges).toHaveLength(before + 1);
  });

  it.each<[string, LyingProvider['lie'], number]>([
    ['another nonce', { claims: { nonce: 'x' } }, 401],
    ['no nonce', { claims: { nonce: undefined } }, 401],
    ['another issuer', { issuer: 'https://evil.example' }, 401],
    ['another client', { audience: 'other' }, 401],
    ['an end in the past', { claims: { exp: 1_000 } }, 401],
    ['the signature of another key', { key: 'another' }, 401],
    ['nothing', { withoutIdToken: true }, 401],
    ['an error', { tokenStatus: 500 }, 503],
  ])('refuses an ID token with %s', async (_, lie, status) => {
    provider.lie = lie;
    const { browser, ...answer } = await signIn();
    expect(answer.status).toBe(status);
    expect(browser.cookies.has('holdpoint_session')).toBe(false);
  });
});

it('a provider that is away, or is another than was named, is our trouble', async () => {
  const provider = await startLyingProvider(ALICE);
  const away = await bench.start({}, environment('http://127.0.0.1:1'));
  const named = {
    ...environment('https://id.example'),
    OIDC_DISCOVERY_URL: `${provider.issuer}/.well-known/openid-configuration`,
  };
  const mistaken = await bench.start({}, named);
  for (const { url } of [away, mistaken]) {
    expect((await new Browser(url).send('GET', '/console/oidc/start')).status).toBe(503);
  }
  await provider.stop();
});
