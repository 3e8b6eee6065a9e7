import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Shop, startShop } from '../shop/server.ts';
import type { Call } from '../shop/store.ts';

let dataDir: string;
let shop: Shop;
let order = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdpoint-shop-'));
  shop = await startShop({ dataDir });
});
afterEach(() => fetch(`${shop.url}/_faults`, { method: 'DELETE' }));
afterAll(async () => {
  await shop.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const newOrder = (): string => `/orders/${++order}`;

async function post(path: string, body: object, key?: string, signal?: AbortSignal) {
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) };
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
  const response = await fetch(`${shop.url}${path}`, init);
  return { status: response.status, body: await response.json(), headers: response.headers };
}

async function get(path: string) {
  return (await fetch(`${shop.url}${path}`)).json();
}

async function callsOf(path: string): Promise<Call[]> {
  return ((await get('/_calls')) as Call[]).filter((call) => call.path === path);
}

describe('an order', () => {
  it('is opened the first time it is spoken of, and is held, noted, refunded and cancelled', async () => {
    const path = newOrder();
    expect(await get(path)).toMatchObject({ status: 'open', notes: [], refunded: 0 });
    expect((await post(`${path}/hold`, { reason: 'r' })).body).toMatchObject({ status: 'held' });
    await post(`${path}/notes`, { text: 'first' });
    await post(`${path}/refunds`, { amount: 10.1 });
    await post(`${path}/refunds`, { amount: 0.2 });
    expect((await post(`${path}/cancel`, { reason: 'r' })).body).toMatchObject({
      status: 'cancelled',
      notes: ['first'],
      refunded: 10.3,
    });
  });

  it('that is held does not ship, and a call that makes no sense is refused', async () => {
    const path = newOrder();
    await post(`${path}/hold`, { reason: 'r' });
    expect((await post(`${path}/ship`, {})).status).toBe(409);
    expect((await post(`${path}/refunds`, { amount: -1 })).status).toBe(422);
    expect((await post(`${path}/burn`, {})).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  it('makes a repeated call one call with the same answer, also when both come at once', async () => {
    const path = newOrder();
    const refund = () => post(`${path}/refunds`, { amount: 5 }, `key-${path}`);
    const [first, second] = await Promise.all([refund(), refund()]);
    expect(second.body).toEqual(first.body);
    expect((await refund()).body).toEqual(first.body);
    expect(await get(path)).toMatchObject({ refunded: 5 });
  });

  it('is refused for another call', async () => {
    const path = newOrder();
    await post(`${path}/refunds`, { amount: 5 }, `key-${path}`);
    expect((await post(`${path}/refunds`, { amount: 6 }, `key-${path}`)).status).toBe(422);
    expect(await get(path)).toMatchObject({ refunded: 5 });
  });

  it('means nothing to notes', async () => {
    const path = newOrder();
    await post(`${path}/notes`, { text: 'n' }, `key-${path}`);
    await post(`${path}/notes`, { text: 'n' }, `key-${path}`);
    expect(await get(path)).toMatchObject({ notes: ['n', 'n'] });
  });

  it('and everything else is remembered over a restart', async () => {
    const path = newOrder();
    const refund = () => post(`${path}/refunds`, { amount: 5 }, `key-${path}`);
    const first = await refund();
    const before = await callsOf(`${path}/refunds`);
    await shop.stop();
    shop = await startShop({ dataDir });
    expect((await refund()).body).toEqual(first.body);
    expect(await get(path)).toMatchObject({ refunded: 5 });
    const after = await callsOf(`${path}/refunds`);
    expect(after).toMatchObject([...before, { status: 200 }]);
    expect(after[1]?.id).toBeGreaterThan(after[0]?.id ?? Number.NaN);
  });
});

describe('an issue', () => {
  it('has each label once, and every comment', async () => {
    const path = `/issues/${encodeURIComponent('acme/site#7')}`;
    await post(`${path}/labels`, { labels: ['bug', 'bug'] });
    await post(`${path}/labels`, { labels: ['bug', 'triage'] });
    await post(`${path}/comments`, { body: 'thanks' });
    expect(await get(path)).toEqual({ id: 'acme/site#7', labels: ['bug', 'triage'], comments: ['thanks'] });
    expect((await callsOf(`${path}/comments`))[0]?.entity).toBe('issue:acme/site#7');
  });
});

describe('the log of calls', () => {
  it('says who was called, under which key, and from when to when', async () => {
    const path = newOrder();
    const earliest = Date.now() - 1;
    await post(`${path}/hold`, { reason: 'r' }, 'k');
    const [call] = await callsOf(`${path}/hold`);
    expect(call).toMatchObject({ method: 'POST', entity: `order:${order}`, idempotency_key: 'k', status: 200 });
    expect(call?.started_at).toBeGreaterThanOrEqual(earliest);
    expect(call?.ended_at).toBeGreaterThan(call?.started_at ?? Number.NaN);
  });

  it('shows a call that is under way, and one whose caller went away', async () => {
    const path = newOrder();
    await post('/_faults', { path: `${path}/hold`, hang: true });
    const leaving = new AbortController();
    const call = post(`${path}/hold`, { reason: 'r' }, undefined, leaving.signal).catch(() => 'left');
    await vi.waitFor(async () => expect(await callsOf(`${path}/hold`)).toMatchObject([{ ended_at: null }]));
    leaving.abort();
    expect(await call).toBe('left');
    await vi.waitFor(async () =>
      expect(await callsOf(`${path}/hold`)).toMatchObject([{ ended_at: expect.any(Number), status: null }]),
    );
    expect(await get(path)).toMatchObject({ status: 'open' });
  });
});

describe('a fault on order', () => {
  it('is met as often as it was ordered, before the effect', async () => {
    const path = newOrder();
    await post('/_faults', { path: `${path}/refunds`, status: 429, retryAfterSeconds: 3, times: 2 });
    const refused = await post(`${path}/refunds`, { amount: 5 });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await post(`${path}/refunds`, { amount: 5 })).status).toBe(429);
    expect((await post(`${path}/refunds`, { amount: 5 })).body).toMatchObject({ refunded: 5 });
  });

  it('may come after the effect, so that only the answer is lost', async () => {
    const path = newOrder();
    await post('/_faults', { path: `${path}/refunds`, status: 500, after: true });
    expect((await post(`${path}/refunds`, { amount: 5 }, `key-${path}`)).status).toBe(500);
    expect((await post(`${path}/refunds`, { amount: 5 }, `key-${path}`)).body).toMatchObject({ refunded: 5 });
  });

  it('may be a delay, and one that is none is refused', async () => {
    const path = newOrder();
    await post('/_faults', { path: `${path}/hold`, delayMs: 60 });
    await post(`${path}/hold`, { reason: 'r' });
    const [call] = await callsOf(`${path}/hold`);
    expect((call?.ended_at ?? 0) - (call?.started_at ?? 0)).toBeGreaterThanOrEqual(55);
    expect((await post('/_faults', { path: '/x', statsu: 500 })).status).toBe(400);
  });
});
