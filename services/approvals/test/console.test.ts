import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  actionState,
  approvalStatus,
  type Bench,
  givenApp,
  givenApproval,
  ISSUER,
  openBench,
  receiptsOf,
} from './fixtures.ts';

let bench: Bench;
let service: RunningService;
let tenant = 0;

beforeAll(async () => {
  bench = await openBench();
  service = await bench.start();
});
afterAll(() => bench?.stop());
// A tenant a test, so that each page shows what its test asked only.
beforeEach(() => {
  tenant += 1;
});

const tenantName = () => `desk-${tenant}`;
const given = (how: Parameters<typeof givenApproval>[1] = {}) =>
  givenApproval(bench.owner, { tenant: tenantName(), ...how });

/** What a browser keeps and sends. */
class Visitor {
  cookie = '';

  async open(path = '/') {
    return this.#send(path, { headers: { cookie: this.cookie } });
  }

  async submit(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    return this.#send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: this.cookie, ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  async signIn(name = 'alice', groups = ['reviewer']) {
    const token = await bench.issuer.token(name, groups, { tenant: tenantName() });
    return this.submit('/console/sign-in', { token: ` ${token}\n` });
  }

  async csrf(): Promise<string> {
    return /name="csrf" value="([^"]+)"/.exec((await this.open()).text)?.[1] ?? '';
  }

  async #send(path: string, init: RequestInit) {
    const response = await fetch(`${service.url}${path}`, { redirect: 'manual', ...init });
    const set = response.headers.get('set-cookie');
    if (set !== null) this.cookie = set.split(';')[0] ?? '';
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

async function signedIn(name?: string, groups?: string[]): Promise<Visitor> {
  const visitor = new Visitor();
  await visitor.signIn(name, groups);
  return visitor;
}

describe('signing in', () => {
  it('asks for a token, keeps it where no script reads it, and shows who is there', async () => {
    const visitor = new Visitor();
    const asked = await visitor.open();
    expect(asked.status).toBe(200);
    expect(asked.text).toContain('<label for="token">');
    expect(asked.headers.get('content-security-policy')).toContain("default-src 'none'");
    const answer = await visitor.signIn();
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/');
    const set = answer.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
    expect(set).not.toMatch(/Secure/);
    const page = await visitor.open();
    expect(page.text).toContain('Signed in as <strong>alice</strong>');
    expect(page.text).toContain('Nothing waits for a decision');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).not.toMatch(/<script(?! src=)|\son[a-z]+=|style=/i);
  });

  it('refuses a wrong token, an expired one, and an API key, with a message', async () => {
    const key = await givenApp(bench.owner, ['plan', 'read', 'admin']);
    const stale = await bench.issuer.token('alice', [], { exp: 1_000 });
    for (const [token, status] of [
      ['nonsense', 401],
      ['', 401],
      [stale, 401],
      [key, 403],
    ] as const) {
      const visitor = new Visitor();
      const answer = await visitor.submit('/console/sign-in', { token });
      expect(answer.status).toBe(status);
      expect(answer.text).toContain('role="alert"');
      expect(visitor.cookie).toBe('');
    }
  });

  it('lets go of a cookie that is good no more', async () => {
    const visitor = new Visitor();
    visitor.cookie = 'holdpoint_session=rubbish';
    const answer = await visitor.open();
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('<label for="token">');
    expect(visitor.cookie).toBe('holdpoint_session=');
  });

  it('ends with signing out', async () => {
    const visitor = await signedIn();
    expect((await visitor.submit('/console/sign-out', { csrf: 'wrong' })).status).toBe(403);
    const answer = await visitor.submit('/console/sign-out', { csrf: await visitor.csrf() });
    expect(answer.status).toBe(303);
    expect(visitor.cookie).toBe('holdpoint_session=');
  });
});

describe('the page', () => {
  it('shows what is asked, by whom, why, what it touches, who decides and how long there is', async () => {
    const question = await given({
      args: { order: 'o-77', lines: [{ sku: 'A', 'odd.key': 2 }], note: null },
      onBehalfOf: 'someone@example.test',
      requirements: [
        { audience: 'compliance-team', quorum: 1 },
        { audience: 'reviewer', quorum: 2 },
      ],
    });
    const bob = await signedIn('bob');
    await bob.submit(`/console/approvals/${question.approvalId}/approve`, {
      csrf: await bob.csrf(),
      comment: 'ok for me',
    });
    const { text } = await (await signedIn()).open();
    for (const shown of [
      'shop.orders.hold',
      'over 500',
      'operator order-risk',
      'agent-7',
      'someone@example.test',
      'as the operator says',
      '820',
      'order:1',
      '<span class="risk-write">write</span>',
      '<th scope="row">order</th>',
      '<bdi>o-77</bdi>',
      '<th scope="row">lines[0].sku</th>',
      '<th scope="row">lines[0].&#34;odd.key&#34;</th>',
      'compliance-team: 0 of 1',
      'reviewer: 1 of 2',
      `${ISSUER}|bob (reviewer): approve — <q>ok for me</q>`,
      '9 minutes',
      'name="reason"',
    ]) {
      expect(text).toContain(shown);
    }
    expect((await bob.open()).text).toContain('You have voted: approve.');
  });

  it('escapes all it was given, and shows what would be invisible', async () => {
    const evil = `<script>alert(1)</script><img src=x onerror="alert(2)">'"&`;
    await given({ args: { [evil]: evil, hidden: 'abc\u202Edcb\u200B' }, reason: evil, onBehalfOf: evil });
    const visitor = await signedIn(evil);
    const { text } = await visitor.open();
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('<img');
    expect(text).toContain('&#60;script&#62;alert(1)');
    expect(text).toContain('abc⟨U+202E⟩dcb⟨U+200B⟩');
  });

  it('says why a person cannot decide, and offers them no form', async () => {
    await given();
    const carol = (await (await signedIn('carol', ['compliance-team'])).open()).text;
    expect(carol).toContain('You cannot decide this: this is for reviewer to decide.');
    expect(carol).not.toContain('name="reason"');
    await given({ onBehalfOf: 'alice' });
    expect((await (await signedIn()).open()).text).toContain('nobody decides what they asked for');
  });

  it('goes on to older ones, and shows no other tenant', async () => {
    for (let index = 0; index < 27; index += 1) await given();
    await givenApproval(bench.owner, { tenant: 'elsewhere' });
    const visitor = await signedIn();
    const first = await visitor.open();
    expect(first.text.match(/<article/g)).toHaveLength(25);
    const older = /href="(\/\?cursor=[^"]+)"/.exec(first.text)?.[1] ?? '';
    expect((await visitor.open(older)).text.match(/<article/g)).toHaveLength(2);
  });

  it('has its style and script beside it', async () => {
    for (const [name, type] of [
      ['console.css', 'text/css'],
      ['console.js', 'text/javascript'],
    ]) {
      const asset = await new Visitor().open(`/console/${name}`);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('content-type')).toContain(type);
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

describe('deciding on the page', () => {
  it('approves, with a comment in the receipt', async () => {
    const { approvalId, actionId } = await given();
    const visitor = await signedIn();
    const answer = await visitor.submit(`/console/approvals/${approvalId}/approve`, {
      csrf: await visitor.csrf(),
      comment: 'checked',
    });
    expect(answer.status).toBe(303);
    expect((await visitor.open(answer.headers.get('location') ?? '')).text).toContain('Your approval was recorded.');
    expect(await actionState(bench.db, actionId)).toBe('rescore');
    const [receipt] = await receiptsOf(bench.db, actionId);
    expect(receipt).toMatchObject({ actor: `${ISSUER}|alice`, kind: 'approval' });
    expect(receipt?.reasons?.at(-1)?.message).toBe('checked');
  });

  it('denies with a reason, and says so where it is missing or too late', async () => {
    const { approvalId, actionId } = await given();
    const visitor = await signedIn();
    const csrf = await visitor.csrf();
    const empty = await visitor.submit(`/console/approvals/${approvalId}/deny`, { csrf, reason: ' ' });
    expect(empty.status).toBe(400);
    expect(empty.text).toContain('a denial needs a reason');
    expect((await visitor.submit(`/console/approvals/${approvalId}/deny`, { csrf, reason: 'no' })).status).toBe(303);
    expect(await actionState(bench.db, actionId)).toBe('denied');
    const bob = await signedIn('bob');
    const late = await bob.submit(`/console/approvals/${approvalId}/approve`, { csrf: await bob.csrf() });
    expect(late.status).toBe(409);
    expect(late.text).toContain('this was denied before');
  });

  it('is refused without the CSRF token, with that of another session, and from another site', async () => {
    const { approvalId } = await given();
    const [visitor, bob] = [await signedIn(), await signedIn('bob')];
    const path = `/console/approvals/${approvalId}/approve`;
    const csrf = await visitor.csrf();
    expect((await visitor.submit(path, {})).status).toBe(403);
    expect((await visitor.submit(path, { csrf: 'x' })).status).toBe(403);
    expect((await visitor.submit(path, { csrf: await bob.csrf() })).status).toBe(403);
    expect((await visitor.submit(path, { csrf }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await new Visitor().submit(path, { csrf })).status).toBe(401);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    expect((await visitor.submit(path, { csrf }, { 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  });

  it('lets the cookie read the API, but decide there only with the CSRF token', async () => {
    const { approvalId } = await given();
    const visitor = await signedIn();
    const call = (headers: Record<string, string>, type = 'application/json', body = '{}') =>
      fetch(`${service.url}/v1/approvals/${approvalId}/approve`, {
        method: 'POST',
        headers: { cookie: visitor.cookie, 'content-type': type, ...headers },
        body,
      });
    expect((await visitor.open(`/v1/approvals/${approvalId}`)).status).toBe(200);
    expect((await call({})).status).toBe(403);
    expect((await call({ 'x-csrf-token': 'x' })).status).toBe(403);
    const csrf = await visitor.csrf();
    expect((await call({}, 'application/x-www-form-urlencoded', `csrf=${csrf}`)).status).toBeGreaterThanOrEqual(400);
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
    expect((await call({ 'x-csrf-token': csrf })).status).toBe(200);
    expect(await approvalStatus(bench.db, approvalId)).toBe('granted');
  });
});

describe('unknown outcomes', () => {
  async function givenUnknown(name: string, error: string): Promise<string> {
    const { actionId } = await givenApproval(bench.owner, { tenant: name, mode: 'alongside' });
    await bench.owner
      .updateTable('actions')
      .set({ state: 'running', worker: actionId, token: actionId, attempts: 2 })
      .where('id', '=', actionId)
      .execute();
    await bench.owner
      .updateTable('actions')
      .set({ state: 'indeterminate', error, worker: null, token: null })
      .where('id', '=', actionId)
      .execute();
    return actionId;
  }

  it('are listed with how to settle each, of the own tenant only', async () => {
    const visitor = await signedIn();
    expect((await visitor.open()).text).not.toContain('Unknown outcomes');
    const id = await givenUnknown(tenantName(), 'no answer within <5> ms');
    const foreign = await givenUnknown(`other-${tenantName()}`, 'elsewhere');
    const { text } = await visitor.open();
    expect(text).toContain('Unknown outcomes (1)');
    expect(text).toContain(`npm run holdpoint -- settle ${id} applied --reason`);
    expect(text).toContain('no answer within &#60;5&#62; ms');
    expect(text).toContain('<dt>Attempts</dt><dd>2</dd>');
    expect(text).toContain('order:1');
    expect(text).not.toContain(foreign);
  });

  it('are bounded on the page, and it says so', async () => {
    for (let index = 0; index < 26; index += 1) await givenUnknown(tenantName(), 'lost');
    const { text } = await (await signedIn()).open();
    expect(text).toContain('Unknown outcomes (25 newest)');
    expect(text).toContain('actions --state indeterminate');
  });
});
