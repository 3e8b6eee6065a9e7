import type { Approval } from '@holdpoint/shared/domain/approval';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Context } from '../src/context.ts';
import { waitForDecision } from '../src/wait-for-decision.ts';
import {
  actionState,
  approvalStatus,
  type Bench,
  call,
  eventually,
  givenApp,
  givenApproval,
  ISSUER,
  openBench,
  receiptsOf,
  TENANT,
} from './fixtures.ts';

interface Page {
  items: Approval[];
  next_cursor?: string;
}
interface BatchAnswer {
  items: { id: string; status?: string; error?: { code: string } }[];
}

let bench: Bench;
let service: RunningService;
let other: RunningService;
let alice: string;
let bob: string;
let carol: string;
let key: string;

beforeAll(async () => {
  bench = await openBench();
  [service, other] = await Promise.all([bench.start(), bench.start()]);
  [alice, bob, carol] = await Promise.all([
    bench.issuer.token('alice'),
    bench.issuer.token('bob'),
    bench.issuer.token('carol', ['compliance-team']),
  ]);
  key = await givenApp(bench.owner, ['plan', 'read', 'admin']);
});
afterAll(() => bench?.stop());

const given = (how?: Parameters<typeof givenApproval>[1]) => givenApproval(bench.owner, how);
const get = (path: string, token = alice, url = service.url) => call(url, token, 'GET', path);
const post = (path: string, body?: unknown, token = alice, url = service.url) => call(url, token, 'POST', path, body);

describe('deciding', () => {
  it('approves, with or without a comment or a body', async () => {
    for (const body of [undefined, {}, { comment: 'fine' }]) {
      const { approvalId, actionId } = await given();
      const answer = await post(`/v1/approvals/${approvalId}/approve`, body);
      expect(answer).toMatchObject({
        status: 200,
        body: {
          id: approvalId,
          status: 'granted',
          action_id: actionId,
          votes: [{ principal: `${ISSUER}|alice`, vote: 'approve', audience: 'reviewer' }],
        },
      });
      expect(await actionState(bench.db, actionId)).toBe('rescore');
    }
  });

  it('denies with a reason, and not without', async () => {
    const { approvalId, actionId } = await given();
    for (const body of [undefined, {}, { reason: '' }, { reason: '   ' }, { reason: 'x', vote: 'deny' }]) {
      const answer = await post(`/v1/approvals/${approvalId}/deny`, body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    }
    expect(await post(`/v1/approvals/${approvalId}/deny`, { reason: 'wrong order' })).toMatchObject({
      status: 200,
      body: { status: 'denied', votes: [{ comment: 'wrong order' }] },
    });
    expect(await actionState(bench.db, actionId)).toBe('denied');
    expect(await post(`/v1/approvals/${approvalId}/approve`, {}, bob)).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_ALREADY_DECIDED' },
    });
  });

  it('cancels', async () => {
    const { approvalId, actionId } = await given();
    expect(await post(`/v1/approvals/${approvalId}/cancel`, { reason: 'changed my mind' })).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
    expect(await actionState(bench.db, actionId)).toBe('cancelled');
  });

  it('takes a vote back, and comments', async () => {
    const { approvalId } = await given({ requirements: [{ audience: 'reviewer', quorum: 2 }] });
    const at = (verb: string) => `/v1/approvals/${approvalId}/${verb}`;
    await post(at('approve'), { comment: 'hm' });
    expect(await post(at('withdraw'))).toMatchObject({ status: 200, body: { status: 'pending', votes: [] } });
    expect(await post(at('comments'), { text: ' why now? ' }, carol)).toMatchObject({
      status: 200,
      body: { status: 'pending', comments: [{ name: 'carol', text: 'why now?' }], comment_count: 1 },
    });
    expect(await get(`/v1/approvals/${approvalId}`)).toMatchObject({ body: { comments: [{ text: 'why now?' }] } });
    for (const text of ['', '  ', 'nul \0', 'x'.repeat(2_049)]) {
      expect(await post(at('comments'), { text })).toMatchObject({ status: 400 });
    }
    for (const [verb, body] of [
      ['withdraw', {}],
      ['comments', { text: 'beep' }],
    ] as const) {
      expect(await post(at(verb), body, key)).toMatchObject({ status: 403, body: { code: 'NOT_A_PERSON' } });
      expect(await post(`/v1/approvals/not-an-id/${verb}`, body)).toMatchObject({ status: 404 });
    }
  });

  it('lets another audience in by itself, and reminds', async () => {
    const { approvalId } = await given({
      requirements: [{ audience: 'reviewer', quorum: 1, escalate: { audience: 'compliance-team', after_seconds: 60 } }],
      remindEverySeconds: 60,
      askedMsAgo: 61_000,
    });
    const seen = await eventually('it is opened and people are reminded', async () => {
      const { body } = await get(`/v1/approvals/${approvalId}`);
      return body.escalated_at !== null && body.reminders === 1 ? body : undefined;
    });
    expect(seen).toMatchObject({ requirements: [{ also: ['compliance-team'] }], remind_every_seconds: 60 });
    const { body: page } = await call<Page>(service.url, alice, 'GET', '/v1/approvals?audience=compliance-team');
    expect(page.items.map(({ id }) => id)).toContain(approvalId);
    expect(await post(`/v1/approvals/${approvalId}/approve`, {}, carol)).toMatchObject({ body: { status: 'granted' } });
  });

  it('is for people only, in the audience, of the tenant, signed in', async () => {
    const { approvalId } = await given();
    const robot = await bench.issuer.token('robot', ['reviewer'], { idtyp: 'app' });
    const stranger = await bench.issuer.token('zoe', ['reviewer'], { tenant: 'other' });
    for (const verb of ['approve', 'deny', 'cancel']) {
      const body = verb === 'approve' ? {} : { reason: 'why' };
      const path = `/v1/approvals/${approvalId}/${verb}`;
      for (const service of [key, robot]) {
        expect(await post(path, body, service)).toMatchObject({ status: 403, body: { code: 'NOT_A_PERSON' } });
      }
      expect(await post(path, body, carol)).toMatchObject({ status: 403, body: { code: 'NOT_IN_AUDIENCE' } });
      expect(await post(path, body, stranger)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      expect(await post(path, body, 'hp_nobody-knows-this-key')).toMatchObject({ status: 401 });
    }
    expect(await post('/v1/approvals/batch', { ids: [approvalId], vote: 'approve' }, key)).toMatchObject({
      status: 403,
    });
    expect(await post(`/v1/approvals/${newId()}/approve`)).toMatchObject({ status: 404 });
    expect(await post('/v1/approvals/not-an-id/approve')).toMatchObject({ status: 404 });
    expect(await approvalStatus(bench.db, approvalId)).toBe('pending');
  });

  it('refuses text that cannot be stored as the caller’s fault', async () => {
    const { approvalId } = await given();
    for (const reason of ['nul \0', 'half \ud800', 'x'.repeat(2_049)]) {
      expect(await post(`/v1/approvals/${approvalId}/deny`, { reason })).toMatchObject({ status: 400 });
      expect(await post('/v1/approvals', { reason, audience: 'reviewer' }, key)).toMatchObject({ status: 400 });
    }
    expect(await get('/v1/approvals?audience=%00')).toMatchObject({ status: 400 });
  });

  it('answers a self-approval with its own code', async () => {
    const { approvalId } = await given({ onBehalfOf: `${ISSUER}|alice` });
    expect(await post(`/v1/approvals/${approvalId}/approve`)).toMatchObject({
      status: 403,
      body: { code: 'SELF_APPROVAL' },
    });
  });

  it('in a batch answers for each by itself', async () => {
    const [one, own, two] = await Promise.all([given(), given({ requester: `${ISSUER}|alice` }), given()]);
    const stranger = await given({ tenant: 'other' });
    await post(`/v1/approvals/${two.approvalId}/cancel`);
    const ids = [one, own, two, stranger].map(({ approvalId }) => approvalId);
    const answer = await call<BatchAnswer>(service.url, alice, 'POST', '/v1/approvals/batch', {
      ids: [...ids, 'nonsense'],
      vote: 'approve',
    });
    expect(answer.status).toBe(200);
    expect(answer.body.items.map(({ id }) => id)).toEqual([...ids, 'nonsense']);
    expect(answer.body.items.map(({ status, error }) => status ?? error?.code)).toEqual([
      'granted',
      'SELF_APPROVAL',
      'APPROVAL_ALREADY_DECIDED',
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
    expect(await receiptsOf(bench.db, one.actionId)).toHaveLength(1);
    const tooMany = { ids: Array.from({ length: 101 }, newId), vote: 'approve' };
    expect(await post('/v1/approvals/batch', tooMany)).toMatchObject({ status: 400 });
    expect(await post('/v1/approvals/batch', { ids, vote: 'deny' })).toMatchObject({ status: 400 });
  });
});

describe('expiry', () => {
  it('is exact where it is read, before it is announced, and a read decides nothing', async () => {
    const { approvalId } = await given({ ttlMs: 300 });
    const row = () => approvalStatus(bench.db, approvalId);
    // Under this lock no instance can announce it.
    await bench.owner.transaction().execute(async (tx) => {
      await tx.selectFrom('approvals').select('id').where('id', '=', approvalId).forUpdate().execute();
      await eventually('it reads as expired', async () => {
        const { body } = await get(`/v1/approvals/${approvalId}`);
        return body.status === 'expired' || undefined;
      });
      const ids = async (status: string) =>
        (await call<Page>(service.url, alice, 'GET', `/v1/approvals?status=${status}&limit=200`)).body.items.map(
          ({ id }) => id,
        );
      expect(await ids('pending')).not.toContain(approvalId);
      expect(await ids('expired')).toContain(approvalId);
      expect(await row()).toBe('pending');
    });
    expect(await post(`/v1/approvals/${approvalId}/approve`)).toMatchObject({
      status: 410,
      body: { code: 'APPROVAL_EXPIRED' },
    });
  });

  it('is announced within a second', async () => {
    const { approvalId, actionId } = await given({ ttlMs: 200 });
    const row = await eventually('it is announced', async () => {
      const found = await bench.owner
        .selectFrom('approvals')
        .select(['status', 'decided_at', 'expires_at'])
        .where('id', '=', approvalId)
        .executeTakeFirstOrThrow();
      return found.status === 'expired' ? found : undefined;
    });
    expect(Number(row.decided_at) - Number(row.expires_at)).toBeLessThan(1_000);
    expect(await actionState(bench.db, actionId)).toBe('expired');
  });
});

describe('reading', () => {
  it('shows an approval of the tenant to whoever may read', async () => {
    const { approvalId, actionId } = await given({ args: { order: 'o-9', note: { text: 'hi' } } });
    for (const token of [alice, carol, key]) {
      expect(await get(`/v1/approvals/${approvalId}`, token)).toMatchObject({
        status: 200,
        body: {
          id: approvalId,
          tenant: 'acme',
          status: 'pending',
          action_id: actionId,
          connector: 'shop',
          tool: 'orders.hold',
          args: { order: 'o-9', note: { text: 'hi' } },
          value: 820,
          requirements: [{ audience: 'reviewer', quorum: 1 }],
          mode: 'hold',
          operator: 'order-risk',
          agent: 'agent-7',
          votes: [],
          digest: 'd1',
          decided_at: null,
        },
      });
    }
    const plain = await givenApp(bench.owner, ['plan']);
    expect(await get(`/v1/approvals/${approvalId}`, plain)).toMatchObject({ status: 403 });
    const foreign = await givenApp(bench.owner, ['read'], { tenant: 'other' });
    expect(await get(`/v1/approvals/${approvalId}`, foreign)).toMatchObject({ status: 404 });
  });

  it('lists newest first, page by page, by status and audience, one tenant only', async () => {
    const tenant = 'lists';
    const reader = await givenApp(bench.owner, ['read'], { tenant });
    const compliance = [{ audience: 'compliance-team', quorum: 1 }];
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const how = index % 3 === 0 ? { tenant, requirements: compliance } : { tenant };
      made.unshift((await given(how)).approvalId);
    }
    await given();
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const after: string = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { body } = await call<Page>(service.url, reader, 'GET', `/v1/approvals?limit=3${after}`);
      expect(body.items.length).toBeLessThanOrEqual(3);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(made);

    const person = await bench.issuer.token('li', ['reviewer'], { tenant });
    await post(`/v1/approvals/${made[1]}/approve`, {}, person);
    const ids = async (query: string) =>
      (await call<Page>(service.url, reader, 'GET', `/v1/approvals?${query}`)).body.items.map(({ id }) => id);
    expect(await ids('status=granted')).toEqual([made[1]]);
    expect(await ids('status=pending&limit=200')).toEqual(made.filter((id) => id !== made[1]));
    expect(await ids('audience=compliance-team')).toEqual([made[0], made[3], made[6]]);
    expect(await ids('audience=nobody')).toEqual([]);
    for (const query of ['limit=0', 'limit=201', 'status=maybe', 'cursor=x', 'sort=up']) {
      expect(await get(`/v1/approvals?${query}`, reader)).toMatchObject({ status: 400 });
    }
  });

  it('waits until it is decided on another instance', async () => {
    const { approvalId } = await given();
    const waiting = get(`/v1/approvals/${approvalId}?wait=30`);
    await eventually('it waits', async () => ((await metric('holdpoint_approval_waiters')) > 0 ? true : undefined));
    const before = performance.now();
    await post(`/v1/approvals/${approvalId}/approve`, {}, bob, other.url);
    expect((await waiting).body.status).toBe('granted');
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('waits no longer than asked, nor than the approval lasts', async () => {
    const open = await given();
    expect((await get(`/v1/approvals/${open.approvalId}?wait=0.2`)).body.status).toBe('pending');
    const short = await given({ ttlMs: 400 });
    expect((await get(`/v1/approvals/${short.approvalId}?wait=30`)).body.status).toBe('expired');
    expect((await get(`/v1/approvals/${short.approvalId}?wait=3600`)).body.status).toBe('expired');
    expect(await get(`/v1/approvals/${open.approvalId}?wait=-1`)).toMatchObject({ status: 400 });
  });

  it('asks Postgres no oftener while it waits where its own clock is ahead', async () => {
    const { approvalId } = await given();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * 24 * 3_600_000 });
    let reads = 0;
    const db = bench.db.withPlugin({
      transformQuery({ node }) {
        reads += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const context = {
      db,
      facts: { listen: async () => () => {} },
      draining: new AbortController().signal,
      config: { limits: { waitRecheckMs: 60_000 } },
    } as unknown as Context;
    const { signal } = new AbortController();
    const found = await waitForDecision(context, { tenant: TENANT, approvalId, waitMs: 300, signal });
    vi.useRealTimers();
    expect(found?.status).toBe('pending');
    expect(reads).toBeLessThan(6);
  });

  it('is ready and measures', async () => {
    expect(await call(service.url, undefined, 'GET', '/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { postgres: 'ok', nats: 'ok' } },
    });
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toMatch(/holdpoint_approval_votes_total\{vote="approve",result="granted",service="approvals"\} [1-9]/);
    expect(text).toMatch(/holdpoint_approvals_ended_total\{as="cancelled"/);
    expect(text).toContain('holdpoint_approvals_pending');
    const api = await (await fetch(`${service.url}/openapi.json`)).json();
    expect(Object.keys((api as { paths: object }).paths)).toEqual(
      expect.arrayContaining(['/v1/approvals', '/v1/approvals/{id}', '/v1/approvals/stream', '/v1/approvals/batch']),
    );
  });
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} ([0-9]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
