import { request } from 'node:http';
import { readEventMessage } from '@holdpoint/shared/messages/event-message';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signDelivery } from '../src/testing/sign-delivery.ts';
import { deliver, type Harness, ingestHarness, metric, SECRET } from './harness.ts';

let harness: Harness;
let url: string;

beforeAll(async () => {
  harness = await ingestHarness();
  url = (await harness.start()).url;
});
afterAll(() => harness.stop());

const stripeBody = (id: string, rest = '') => `{"id":"${id}","type":"charge.succeeded"${rest}}`;
const stored = (tenant: string, id: string) =>
  harness.nats.jsm.direct.getMessage('EVENTS', { last_by_subj: eventSubject(tenant, id as never) });
const count = async () => (await harness.nats.jsm.streams.info('EVENTS')).state.messages;

describe('POST /hooks/:tenant/:source', () => {
  it('answers 202 once the event is stored, with its attributes and the bytes as they came', async () => {
    const body = stripeBody('evt_first', ',"created":1790000000,"data":{"object":{"id":"ch_1"}}');
    const answer = await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      },
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      status: 'accepted',
      event_id: expect.stringMatching(/^payments\.charge=2Esucceeded\.[0-9a-f]{40}$/),
    });
    const message = await stored('acme', answer.body.event_id);
    expect(Buffer.from(message?.data ?? []).toString()).toBe(body);
    const { subject = '', data = new Uint8Array(), header } = message ?? {};
    expect(readEventMessage({ subject, data, ...(header && { headers: header }) }, 1e6)).toMatchObject({
      id: answer.body.event_id,
      tenant: 'acme',
      source: 'payments',
      type: 'charge.succeeded',
      subject: 'ch_1',
      deliveryId: 'evt_first',
      signed: 'time-body',
      typeSigned: true,
      time: '2026-09-21T14:13:20.000Z',
      rootId: answer.body.event_id,
    });
    expect(message?.header.get('content-type')).toBe('application/json; charset=utf-8');
    expect(message?.header.get('traceparent')).toContain('a'.repeat(32));
  });

  it('answers a duplicate with 200 and the same event, and stores nothing more', async () => {
    const body = stripeBody('evt_twice');
    const first = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    const before = await count();
    // A provider signs a retry anew.
    const again = await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body,
      timestamp: Math.floor(Date.now() / 1000) - 60,
    });
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ status: 'duplicate', event_id: first.body.event_id });
    expect(await count()).toBe(before);
    expect(await metric(url, 'delivery_conflict_total')).toBe(0);
  });

  it('counts a duplicate that carries another body as a conflict, and keeps the first', async () => {
    const first = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body: stripeBody('evt_conflict') });
    const again = await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body: stripeBody('evt_conflict', ',"amount":9'),
    });
    expect(again.body).toEqual({ status: 'duplicate', event_id: first.body.event_id });
    expect(await metric(url, 'delivery_conflict_total', { tenant: 'acme', source: 'payments' })).toBe(1);
    expect(harness.logs.some((line) => line.includes('delivery_conflict') && line.includes(first.body.event_id))).toBe(
      true,
    );
    const message = await stored('acme', first.body.event_id);
    expect(Buffer.from(message?.data ?? []).toString()).toBe(stripeBody('evt_conflict'));
  });

  it("does not let one tenant's delivery id suppress another's", async () => {
    const body = stripeBody('evt_shared');
    const ours = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    const theirs = await deliver(`${url}/hooks/zeta/payments`, 'stripe', { body });
    expect([ours.status, theirs.status]).toEqual([202, 202]);
    expect(await stored('zeta', theirs.body.event_id)).not.toBeNull();
  });

  it('refuses a wrong signature with 401 and remembers nothing of it', async () => {
    const body = stripeBody('evt_forged');
    const forged = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body, secret: 'another' });
    expect(forged.status).toBe(401);
    expect(forged.headers.get('content-type')).toContain('application/problem+json');
    expect(forged.body).toMatchObject({ code: 'WEBHOOK_SIGNATURE_INVALID', retryable: false });
    const real = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    expect(real.status).toBe(202);
  });

  it('tells a replayer nothing about an event before it has verified the signature', async () => {
    const body = stripeBody('evt_known');
    await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    expect((await deliver(`${url}/hooks/acme/payments`, 'stripe', { body, secret: 'another' })).status).toBe(401);
    const old = Math.floor(Date.now() / 1000) - 301;
    expect((await deliver(`${url}/hooks/acme/payments`, 'stripe', { body, timestamp: old })).status).toBe(401);
    const ahead = Math.floor(Date.now() / 1000) + 330;
    expect((await deliver(`${url}/hooks/acme/payments`, 'stripe', { body, timestamp: ahead })).status).toBe(401);
  });

  it('refuses a signature header that comes twice', async () => {
    const status = await send('/hooks/acme/code', 'x', [
      ['x-hub-signature-256', 'sha256=00'],
      ['x-hub-signature-256', 'sha256=00'],
      ['content-length', '1'],
    ]);
    expect(status.code).toBe(401);
    expect(harness.logs.some((line) => line.includes('header_doubled'))).toBe(true);
  });

  it('answers 404 UNKNOWN_SOURCE for a source, a tenant or a name that cannot be one', async () => {
    const paths = [
      'acme/nope',
      'nobody/code',
      `acme/${'x'.repeat(64)}`,
      `acme/${'x'.repeat(2000)}`,
      'acme/code/more',
      'acme/%2e%2e',
      'acme/code%2fx',
    ];
    for (const path of paths) {
      const answer = await deliver(`${url}/hooks/${path}`, 'github', { body: '{}' });
      expect([answer.status, answer.body.code], path).toEqual([404, 'UNKNOWN_SOURCE']);
    }
  });

  it('accepts malformed JSON under a good signature, as bytes of type unknown', async () => {
    const answer = await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body: '{"id":"evt_x",',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(202);
    expect(answer.body.event_id).toMatch(/^payments\.unknown\./);
  });

  it('keeps bytes that are not UTF-8 as they are, whatever content type they come under', async () => {
    const bodies = [Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0d, 0x0a, 0xc3]), Buffer.alloc(0)];
    const types = [
      'application/json',
      'application/x-www-form-urlencoded',
      'text/plain; charset=utf-8',
      'nonsense',
      'multipart/form-data; boundary=x',
      '',
    ];
    for (const [at, type] of types.entries()) {
      for (const bytes of bodies) {
        const answer = await deliver(`${url}/hooks/acme/code`, 'github', {
          body: bytes,
          type: `odd.${at}`,
          headers: { 'content-type': type },
        });
        expect(answer.status, type).toBe(202);
        const message = await stored('acme', answer.body.event_id);
        expect(Buffer.from(message?.data ?? []).equals(bytes), type).toBe(true);
        expect(message?.header.get('content-type')).toBe(type || 'application/octet-stream');
      }
    }
  });

  it('GitHub: the same body under another delivery header is a duplicate, under another event type it is refused or another', async () => {
    const body = '{"action":"opened","pull_request":{"number":7}}';
    const hook = `${url}/hooks/acme/code`;
    const first = await deliver(hook, 'github', { body, id: 'd-1', type: 'pull_request' });
    const captured = await deliver(hook, 'github', { body, id: 'd-2', type: 'pull_request' });
    const other = await deliver(hook, 'github', { body, id: 'd-1', type: 'labelled' });
    const impossible = await deliver(hook, 'github', { body, id: 'd-1', type: 'issues' });
    expect([first.status, captured.status, other.status, impossible.status]).toEqual([202, 200, 202, 401]);
    expect(harness.logs.some((line) => line.includes('type_mismatch'))).toBe(true);
    expect(captured.body.event_id).toBe(first.body.event_id);
    const message = await stored('acme', first.body.event_id);
    expect(message?.header.get('ce-signed')).toBe('body');
    expect(message?.header.get('ce-typesigned')).toBe('false');
  });

  it('cannot be made to write other headers or subjects by what a delivery says of itself', async () => {
    const answer = await deliver(`${url}/hooks/acme/shop`, 'shopify', {
      body: '{}',
      type: 'orders/*.>.create',
      id: 'a\tb',
    });
    expect(answer.status).toBe(202);
    expect(answer.body.event_id).toMatch(/^shop\.orders=2F=2A=2E=3E=2Ecreate\./);
    expect((await stored('acme', answer.body.event_id))?.header.get('ce-tenantid')).toBe('acme');
  });
});

describe('the size of a body', () => {
  it("is refused with 413 past the source's limit, by its length and when chunked, and never cut", async () => {
    const before = await count();
    const body = `{"id":"evt_big","pad":"${'x'.repeat(2000)}"}`;
    const long = await deliver(`${url}/hooks/acme/payments`, 'stripe', { body });
    expect([long.status, long.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const chunked = await send('/hooks/acme/payments', body, [['transfer-encoding', 'chunked']]);
    expect(chunked.code).toBe(413);
    expect(await count()).toBe(before);
    expect(await metric(url, 'deliveries_total', { source: 'payments', result: 'too_large' })).toBe(2);
  });

  it('is accepted to the last byte of the limit', async () => {
    const head = '{"id":"evt_fits","type":"t","pad":"';
    const body = `${head}${'x'.repeat(2000 - head.length - 2)}"}`;
    expect(body).toHaveLength(2000);
    expect((await deliver(`${url}/hooks/acme/payments`, 'stripe', { body })).status).toBe(202);
    expect((await deliver(`${url}/hooks/acme/payments`, 'stripe', { body: `${body} ` })).status).toBe(413);
  });
});

describe('POST /agents/:agent/subscriptions/:id', () => {
  const route = (subscription: string) => `${url}/agents/triage/subscriptions/${subscription}`;

  it('takes the house scheme for the source that names the subscription', async () => {
    const first = await deliver(route('orders'), 'fabric', { body: '{"n":0}', id: 'key-0', type: 'order.paid' });
    expect(first.status).toBe(202);
    expect(first.body.event_id).toMatch(/^wake\.order=2Epaid\./);
    const { header } = (await stored('acme', first.body.event_id)) ?? {};
    expect([header?.get('ce-agent'), header?.get('ce-subscription')]).toEqual(['triage', 'orders']);
    expect((await deliver(route('orders'), 'fabric', { body: '{}', secret: 'no' })).status).toBe(401);
    const unknown = await deliver(route('nope'), 'fabric', { body: '{}' });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'UNKNOWN_SOURCE']);
  });

  it('knows a delivery by its Idempotency-Key and body: another of either is another event', async () => {
    const send = (id: string, body: string) => deliver(route('orders'), 'fabric', { body, id, type: 'order.paid' });
    const first = await send('key-1', '{"n":1}');
    const again = await send('key-1', '{"n":1}');
    expect([first.status, again.status, again.body.event_id]).toEqual([202, 200, first.body.event_id]);
    // A bus may wake an agent twice with the same words.
    expect((await send('key-2', '{"n":1}')).status).toBe(202);
    // The key is not signed: a captured body under it must not suppress what the bus sends under it later.
    const conflicts = await metric(url, 'delivery_conflict_total', { source: 'wake' });
    expect((await send('key-1', '{"n":2}')).status).toBe(202);
    expect(await metric(url, 'delivery_conflict_total', { source: 'wake' })).toBe(conflicts);
  });

  it('without an Idempotency-Key is known by type and body', async () => {
    const signed = signDelivery('fabric', { secret: SECRET, body: '{"n":3}', type: 'order.paid' });
    const { 'idempotency-key': _, ...headers } = signed;
    const send = () => fetch(route('orders'), { method: 'POST', headers, body: '{"n":3}' });
    expect([(await send()).status, (await send()).status]).toEqual([202, 200]);
  });

  it('whose source asks for it knows a delivery by the key alone, and counts one with another body as a conflict', async () => {
    const send = (id: string, body: string) => deliver(route('keyed'), 'fabric', { body, id, type: 'order.paid' });
    const first = await send('key-1', '{"n":1}');
    const other = await send('key-1', '{"n":2}');
    expect([first.status, other.status, other.body.event_id]).toEqual([202, 200, first.body.event_id]);
    expect(await metric(url, 'delivery_conflict_total', { source: 'keyed' })).toBe(1);
    expect((await send('key-2', '{"n":1}')).status).toBe(202);
  });
});

describe('what is written about deliveries', () => {
  it('counts them by source and result', async () => {
    expect(
      await metric(url, 'deliveries_total', { tenant: 'acme', source: 'payments', result: 'accepted' }),
    ).toBeGreaterThan(0);
    expect(
      await metric(url, 'deliveries_total', { tenant: 'acme', source: 'payments', result: 'duplicate' }),
    ).toBeGreaterThan(0);
    expect(
      await metric(url, 'deliveries_total', { tenant: 'acme', source: 'payments', result: 'refused' }),
    ).toBeGreaterThan(0);
    expect(await metric(url, 'deliveries_unknown_source_total')).toBeGreaterThan(0);
  });

  it('holds no body and no secret', async () => {
    await deliver(`${url}/hooks/acme/payments`, 'stripe', { body: stripeBody('evt_log', ',"note":"a-private-note"') });
    await deliver(`${url}/hooks/acme/payments`, 'stripe', {
      body: stripeBody('evt_log', ',"note":"a-private-note"'),
      secret: 'x',
    });
    const text = harness.logs.join('');
    expect(text).toContain('a delivery was received');
    expect(text).not.toContain('a-private-note');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(SECRET.slice('whsec_'.length));
  });
});

/** For what `fetch` does not do: repeated headers, chunks. */
function send(path: string, body: string, headers: [string, string][]): Promise<{ code: number | undefined }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}${path}`,
      { method: 'POST', headers: ['host', 'test', ...headers.flat()] },
      (response) => {
        response.resume().on('end', () => resolve({ code: response.statusCode }));
      },
    );
    outgoing.on('error', reject).end(body);
  });
}
