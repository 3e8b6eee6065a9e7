import { encodeType, eventId } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { publishAll } from '@holdpoint/shared/runtime/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, ask, deliver, type Harness, ingestHarness, SECRET } from './harness.ts';

let harness: Harness;
let url: string;
let key: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
  key = await harness.key('acme');
});
afterAll(() => harness.stop());

/** Straight into the stream, in this order: as many instances would have. */
async function publish(tenant: string, source: string, type: string, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500) {
    const keys = Array.from({ length: Math.min(500, to - at) }, (_, index) => `k${at + index}`);
    await publishAll(
      harness.nats.js,
      keys.map((one) => ({
        subject: eventSubject(tenant, eventId(source, type, one)),
        headers: { 'ce-type': type, 'ce-time': '2026-11-02T10:00:00.000Z', 'ce-signed': 'body' },
        body: 'x'.repeat(10),
      })),
    );
  }
}

async function listAll(query: string, limit: number): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages++) {
    const answer = await ask(`${url}/v1/events?${query}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`, key);
    expect(answer.status).toBe(200);
    expect(answer.body.items.length).toBeLessThanOrEqual(limit);
    ids.push(...answer.body.items.map((item: { id: string }) => item.id));
    cursor = answer.body.next_cursor;
    if (cursor === undefined) return { ids, pages };
    expect(answer.body.items).toHaveLength(limit);
  }
}

describe('GET /v1/events', () => {
  it('lists nothing while nothing was ever accepted', async () => {
    expect(await ask(`${url}/v1/events`, key)).toMatchObject({ status: 200, body: { items: [] } });
  });

  it('lists what was accepted, newest first, without payloads', async () => {
    const first = await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"ref":1}', type: 'push', id: 'd-1' });
    const second = await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body: '{"id":"evt_1","type":"charge.failed"}',
    });
    const { status, body } = await ask(`${url}/v1/events`, key);
    expect(status).toBe(200);
    expect(body.items.map((item: { id: string }) => item.id)).toEqual([second.body.event_id, first.body.event_id]);
    expect(body.items[1]).toEqual({
      id: first.body.event_id,
      tenant: 'acme',
      source: 'code',
      type: 'push',
      time: expect.stringMatching(/^2\d{3}-/),
      signed: 'body',
      type_signed: false,
      delivery_id: 'd-1',
      root_id: first.body.event_id,
      size: 9,
    });
    expect(body.next_cursor).toBeUndefined();
  });

  it('pages through thin and dense stretches alike: every match once, in order, full pages until the last', async () => {
    await publish('acme', 'thin', 'rare', 0, 3);
    await publish('acme', 'bulk', 'a.b', 0, 900);
    await publish('zeta', 'bulk', 'a.b', 0, 3000);
    await publish('acme', 'thin', 'rare', 3, 5);
    await publish('acme', 'bulk', 'a.b', 900, 1000);

    const thin = await listAll('source=thin', 2);
    expect(thin.ids).toEqual([4, 3, 2, 1, 0].map((n) => `thin.rare.k${n}`));
    expect(thin.pages).toBe(3);

    const bulk = await listAll('source=bulk&type=a.b', 70);
    expect(bulk.ids).toEqual(Array.from({ length: 1000 }, (_, n) => `bulk.${encodeType('a.b')}.k${999 - n}`));

    const byType = await ask(`${url}/v1/events?type=rare&limit=200`, key);
    expect(byType.body.items).toHaveLength(5);
    expect((await ask(`${url}/v1/events?source=none`, key)).body).toEqual({ items: [] });
  });

  it('ends at what was accepted before `since`, and begins before `until`', async () => {
    const before = await deliver(`${url}/hooks/acme/shop`, 'shopify', {
      body: '{"n":"before"}',
      type: 'orders/create',
    });
    const since = new Date().toISOString();
    const after = await deliver(`${url}/hooks/acme/shop`, 'shopify', { body: '{"n":"after"}', type: 'orders/create' });
    const listed = async (query: string) =>
      (await ask(`${url}/v1/events?source=shop&${query}`, key)).body.items.map((item: { id: string }) => item.id);
    expect(await listed('type=orders/create')).toEqual([after.body.event_id, before.body.event_id]);
    expect(await listed(`since=${since}`)).toEqual([after.body.event_id]);
    expect(await listed('since=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await listed(`until=${since}`)).toEqual([before.body.event_id]);
    expect(await listed(`since=${since}&until=${since}`)).toEqual([]);
    expect(await listed('until=2000-01-01T00:00:00Z')).toEqual([]);
    expect(await listed('since=2000-01-01T00:00:00Z&until=2999-01-01T00:00:00Z&limit=1')).toEqual([
      after.body.event_id,
    ]);
  });

  it('answers 400 with the field for a query that means nothing', async () => {
    for (const query of [
      'limit=0',
      'limit=201',
      'cursor=x',
      'since=yesterday',
      'until=now',
      'source=*',
      'source=a.b',
      'type=',
    ]) {
      const answer = await ask(`${url}/v1/events?${query}`, key);
      expect([answer.status, answer.body.code], query).toEqual([400, 'INVALID_REQUEST']);
      expect(answer.body.details.issues[0].path).toBe(query.split('=')[0]);
    }
  });
});

describe('GET /v1/events/:id', () => {
  it('shows the event with its parsed payload, and with ?raw its bytes', async () => {
    const body = '{"id":"evt_get","type":"charge.failed","amount":12}';
    const { body: received } = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    const shown = await ask(`${url}/v1/events/${received.event_id}`, key);
    expect(shown.status).toBe(200);
    expect(shown.body).toMatchObject({
      id: received.event_id,
      size: body.length,
      data: JSON.parse(body),
      type_signed: true,
    });
    const raw = await ask(`${url}/v1/events/${received.event_id}?raw`, key);
    expect(raw.body.toString()).toBe(body);
    expect(raw.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('gives bytes that are no JSON back unharmed', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const { body } = await deliver(`${url}/hooks/acme/code`, 'github', { body: bytes });
    expect((await ask(`${url}/v1/events/${body.event_id}`, key)).body.data).toBeNull();
    expect(bytes.equals((await ask(`${url}/v1/events/${body.event_id}?raw`, key)).body)).toBe(true);
  });

  it('is 404 for what is not there and 400 for what is no id', async () => {
    expect((await ask(`${url}/v1/events/code.push.nothing`, key)).status).toBe(404);
    for (const id of ['nothing', 'a.b.c.d', '*.*.*', 'code.push.%3E']) {
      expect((await ask(`${url}/v1/events/${id}`, key)).status, id).toBe(400);
    }
  });
});

describe('POST /v1/events/:id/replay', () => {
  const replay = (id: string, body?: unknown): Promise<Answer> =>
    ask(`${url}/v1/events/${id}/replay`, key, { method: 'POST', ...(body !== undefined && { body }) });

  it('publishes the same bytes under a new id, with the root of the first original, however often', async () => {
    const body = '{"id":"evt_replay","type":"charge.failed"}';
    const { body: first } = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    const once = await replay(first.event_id);
    const twice = await replay(once.body.id, {});
    expect([once.status, twice.status]).toEqual([200, 200]);
    expect(new Set([first.event_id, once.body.id, twice.body.id]).size).toBe(3);
    expect([once.body.root_id, twice.body.root_id]).toEqual([first.event_id, first.event_id]);
    const stored = await ask(`${url}/v1/events/${twice.body.id}`, key);
    expect(stored.body).toMatchObject({
      root_id: first.event_id,
      type: 'charge.failed',
      signed: 'time-body',
      delivery_id: 'evt_replay',
    });
    expect((await ask(`${url}/v1/events/${twice.body.id}?raw`, key)).body.toString()).toBe(body);
    const message = await harness.nats.jsm.direct.getMessage('EVENTS', {
      last_by_subj: eventSubject('acme', twice.body.id as EventId),
    });
    expect(message?.header.get('ce-replayof')).toBe(once.body.id);
    expect(message?.header.get('ce-replayedby')).toMatch(/^app%7C|^app\|/);
  });

  it('makes it its own root when it is to be fresh', async () => {
    const { body: first } = await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"fresh":1}' });
    const fresh = await replay(first.event_id, { fresh: true });
    expect(fresh.body.root_id).toBe(fresh.body.id);
    expect((await ask(`${url}/v1/events/${fresh.body.id}`, key)).body.root_id).toBe(fresh.body.id);
  });

  it('is 404 for an event that is not there and 400 for a body it does not know', async () => {
    expect((await replay('code.push.nothing')).status).toBe(404);
    expect((await replay('code.push.nothing', { fresh: 'yes' })).status).toBe(400);
    expect((await replay('code.push.nothing', { again: true })).status).toBe(400);
  });
});

describe('who may look', () => {
  it('nobody without a key, and no key without the scope', async () => {
    const reader = await harness.key('acme', ['read']);
    const { body } = await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"who":1}' });
    const routes = ['/v1/events', `/v1/events/${body.event_id}`];
    for (const route of routes) {
      expect((await fetch(`${url}${route}`)).status, route).toBe(401);
      expect((await ask(`${url}${route}`, 'hp_unknown-key-unknown-key')).status, route).toBe(401);
      expect((await ask(`${url}${route}`, reader)).status, route).toBe(403);
    }
    expect((await ask(`${url}/v1/events/${body.event_id}/replay`, reader, { method: 'POST' })).status).toBe(403);
    expect((await fetch(`${url}/v1/sources`)).status).toBe(401);
    expect((await ask(`${url}/v1/sources`, await harness.key('acme', ['plan']))).status).toBe(403);
  });

  it('a tenant sees, fetches and replays only its own', async () => {
    const zeta = await harness.key('zeta');
    const { body } = await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"mine":1}' });
    expect((await ask(`${url}/v1/events/${body.event_id}`, key)).status).toBe(200);
    expect((await ask(`${url}/v1/events/${body.event_id}`, zeta)).status).toBe(404);
    expect((await ask(`${url}/v1/events/${body.event_id}/replay`, zeta, { method: 'POST' })).status).toBe(404);
    const listed = await ask(`${url}/v1/events?limit=200`, zeta);
    expect(new Set(listed.body.items.map((item: { tenant: string }) => item.tenant))).toEqual(new Set(['zeta']));
  });

  it('lists sources by pages', async () => {
    const first = (await ask(`${url}/v1/sources?limit=4`, key)).body;
    const rest = (await ask(`${url}/v1/sources?limit=4&cursor=${first.next_cursor}`, key)).body;
    const ids = [...first.items, ...rest.items].map((item: { id: string }) => item.id);
    expect(ids).toEqual(['code', 'payments', 'shop', 'std', 'wide', 'wake', 'keyed']);
    expect(rest.next_cursor).toBeUndefined();
    expect((await ask(`${url}/v1/sources?cursor=gone`, key)).status).toBe(400);
    expect((await ask(`${url}/v1/sources?limit=0`, key)).status).toBe(400);
  });

  it("shows a tenant's sources without their secrets", async () => {
    const { status, body } = await ask(`${url}/v1/sources`, key);
    expect(status).toBe(200);
    expect(body.items.map((item: { id: string }) => item.id)).toEqual([
      'code',
      'payments',
      'shop',
      'std',
      'wide',
      'wake',
      'keyed',
    ]);
    expect(body.items.at(-2)).toEqual({
      id: 'wake',
      tenant: 'acme',
      provider: 'fabric',
      path: '/hooks/acme/wake',
      subscription_path: '/agents/triage/subscriptions/orders',
      secrets: 1,
      dedupe: 'id+body',
      tolerance_seconds: null,
      body_max_bytes: 1048576,
      rate_limit: null,
      health: expect.objectContaining({ status: expect.stringMatching(/^(ok|unused)$/) }),
    });
    expect(JSON.stringify(body)).not.toContain(SECRET.slice('whsec_'.length));
  });
});

describe('/openapi.json', () => {
  it('describes every route, with what it takes and answers', async () => {
    const { paths } = JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
    const routes = [
      '/hooks/{tenant}/{source}',
      '/agents/{agent}/subscriptions/{id}',
      '/v1/sources',
      '/v1/events/{id}/replay',
    ];
    for (const route of routes) expect(paths, route).toHaveProperty([route]);
    expect(paths['/v1/events'].get.parameters.map(({ name }: { name: string }) => name).sort()).toEqual([
      'cursor',
      'limit',
      'since',
      'source',
      'type',
      'until',
    ]);
    expect(Object.keys(paths['/hooks/{tenant}/{source}'].post.responses)).toEqual(['200', '202']);
  });
});
