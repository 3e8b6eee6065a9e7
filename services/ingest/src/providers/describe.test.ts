import { describe, expect, it } from 'vitest';
import { configureProvider, type ProviderId } from './index.ts';
import type { Description, Provider } from './provider.ts';

describe('what a verified delivery says it is', () => {
  it('GitHub: id and type from headers that nobody signed', () => {
    expect(
      describeAs('github', '{"action":"opened"}', { 'x-github-delivery': 'd-1', 'x-github-event': 'pull_request' }),
    ).toEqual({
      deliveryId: 'd-1',
      idSigned: false,
      type: 'pull_request',
      typeSigned: false,
      time: undefined,
      subject: undefined,
      keyFrom: 'type+body',
    });
  });

  it('Shopify: the topic and the shop, unsigned', () => {
    const headers = {
      'x-shopify-webhook-id': 'w-1',
      'x-shopify-topic': 'orders/create',
      'x-shopify-triggered-at': '2026-11-02T10:00:00.5Z',
      'x-shopify-shop-domain': 'shop.example',
    };
    expect(describeAs('shopify', '{}', headers)).toEqual({
      deliveryId: 'w-1',
      idSigned: false,
      type: 'orders/create',
      typeSigned: false,
      time: '2026-11-02T10:00:00.500Z',
      subject: 'shop.example',
      keyFrom: 'type+body',
    });
  });

  it('Stripe: everything from the signed body', () => {
    const body = '{"id":"evt_9","type":"charge.succeeded","created":1790000000,"data":{"object":{"id":"ch_1"}}}';
    expect(describeAs('stripe', body)).toEqual({
      deliveryId: 'evt_9',
      idSigned: true,
      type: 'charge.succeeded',
      typeSigned: true,
      time: '2026-09-21T14:13:20.000Z',
      subject: 'ch_1',
      keyFrom: 'id',
    });
  });

  it('Stripe: a thin event', () => {
    const body =
      '{"id":"evt_t","object":"v2.core.event","type":"v1.billing.meter","created":"2026-09-21T14:13:20Z","related_object":{"id":"mtr_1"}}';
    expect(describeAs('stripe', body)).toMatchObject({ time: '2026-09-21T14:13:20.000Z', subject: 'mtr_1' });
  });

  it('Standard Webhooks and Svix: the signed id, the type of the body, and no time from the attempt', () => {
    for (const [provider, header] of [
      ['standard-webhooks', 'webhook-id'],
      ['svix', 'svix-id'],
    ] as const) {
      const described = describeAs(provider, '{"type":"user.created"}', { [header]: 'msg_1' });
      expect(described).toMatchObject({ deliveryId: 'msg_1', idSigned: true, type: 'user.created', keyFrom: 'id' });
      expect(described.time).toBeUndefined();
    }
  });

  it('fabric: a type counts as signed only where the body says it', () => {
    const type = (body: string, header?: string) => {
      const described = describeAs('fabric', body, header === undefined ? {} : { 'x-fabric-event': header });
      return [described.type, described.typeSigned];
    };
    expect(type('{"type":"order.paid"}')).toEqual(['order.paid', true]);
    expect(type('{"type":"order.paid"}', 'order.paid')).toEqual(['order.paid', true]);
    expect(type('{"type":"Point"}', 'order.paid')).toEqual(['order.paid', false]);
    expect(type('{}', 'order.paid')).toEqual(['order.paid', false]);
    expect(type('{}')).toEqual([undefined, false]);
  });

  it('a time that is none, or none a date can hold, is left out', () => {
    for (const created of ['1e400', '-1', '1e18', '"soon"', '"2026-99-99T00:00:00Z"', 'null', '{}']) {
      expect(describeAs('stripe', `{"id":"evt_1","type":"a","created":${created}}`).time, created).toBeUndefined();
    }
    expect(describeAs('stripe', '{"created":1790000000123}').time).toBe('2026-09-21T14:13:20.123Z');
  });
});

function describeAs(provider: ProviderId, body: string, headers: Record<string, string> = {}): Description {
  const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const scheme = configureProvider(provider, undefined) as Provider;
  return scheme.describe({ rawBody: Buffer.from(body), headers: distinct, method: 'POST', url: '/', query: '' });
}
