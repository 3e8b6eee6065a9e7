import { expect, it } from 'vitest';
import {
  annotationHeaders,
  decodeHeaderValue,
  EVENT_HEADERS,
  encodeHeaderValue,
  isAnnotationName,
  readEventMessage,
} from './event-message.ts';

const headers = (values: Partial<Record<keyof typeof EVENT_HEADERS, string>>) => {
  const byName = new Map(Object.entries(values).map(([key, value]) => [EVENT_HEADERS[key as 'id'], value] as const));
  return { get: (name: string) => byName.get(name as 'ce-id') ?? '' };
};

it('a header value is printable ASCII and comes back as it was', () => {
  for (const value of ['orders/create', 'a b', '100%', '"ü"', '🚢\r\nce-id: forged', '%41']) {
    const encoded = encodeHeaderValue(value);
    expect(encoded).toMatch(/^[\x21-\x7e]*$/);
    expect(decodeHeaderValue(encoded)).toBe(value);
  }
});

it('tenant, source and id are the subject’s, whatever the headers say', () => {
  const event = readEventMessage(
    {
      subject: 'events.acme.shopify.orders=2Fcreate.k1',
      headers: headers({ tenant: 'zeta', source: 'stripe', id: 'other', type: 'orders/create', signed: 'body' }),
      data: Buffer.from('{"id":1}'),
    },
    1024,
  );
  expect(event).toMatchObject({
    id: 'shopify.orders=2Fcreate.k1',
    rootId: 'shopify.orders=2Fcreate.k1',
    tenant: 'acme',
    source: 'shopify',
    type: 'orders/create',
    signed: 'body',
    typeSigned: false,
    data: { id: 1 },
  });
});

it('an unknown claim of a signature is none, and no headers at all are read as such', () => {
  const message = { subject: 'events.acme.s.unknown.k', data: Buffer.from('{}') };
  expect(readEventMessage({ ...message, headers: headers({ signed: 'fully' }) }, 9).signed).toBe('none');
  expect(readEventMessage(message, 9)).toMatchObject({ signed: 'none', type: 'unknown', typeSigned: false });
});

it('a body that is elsewhere has the digest and size that its event tells, and no data', () => {
  const told = { type: 't', digest: 'abc', dataRef: '/v1/events/s.t.k?raw', dataSize: '2000000' };
  const message = { subject: 'events.acme.s.t.k', data: new Uint8Array(), headers: headers(told) };
  expect(readEventMessage(message, 1024)).toMatchObject({
    data: null,
    digest: 'abc',
    size: 2_000_000,
    dataRef: '/v1/events/s.t.k?raw',
  });
});

it('data is null where the payload is too large, not JSON or not UTF-8', () => {
  const read = (data: Uint8Array) => readEventMessage({ subject: 'events.acme.s.t.k', data }, 16).data;
  expect(read(Buffer.from('[1]'))).toEqual([1]);
  expect(read(Buffer.from(`"${'x'.repeat(20)}"`))).toBeNull();
  expect(read(Buffer.from('a=1&b=2'))).toBeNull();
  expect(read(Buffer.from([0x22, 0xff, 0x22]))).toBeNull();
});

it('annotations come back as they were, and nothing else that stands in the headers does', () => {
  const written = new Map(
    Object.entries({
      ...annotationHeaders({ tier: 'göld "1" %', region: 'eu' }),
      'ce-id': 'x',
      'content-type': 'text/plain',
      'ce-Not-One': 'x',
      'Nats-Msg-Size': '3',
    }),
  );
  const headers = { get: (name: string) => written.get(name) ?? '', keys: () => written.keys() };
  const message = { subject: 'events.acme.s.t.k', data: Buffer.from('{}') };
  expect(readEventMessage({ ...message, headers }, 9).annotations).toEqual({ tier: 'göld "1" %', region: 'eu' });
  expect(readEventMessage(message, 9)).not.toHaveProperty('annotations');
});

it('an annotation takes no name that an event has already', () => {
  for (const header of Object.values(EVENT_HEADERS)) expect(isAnnotationName(header.replace('ce-', ''))).toBe(false);
  for (const name of ['', 'Tier', 'a-b', 'datacontenttype', 'x'.repeat(21)]) expect(isAnnotationName(name)).toBe(false);
  expect(isAnnotationName('tier2')).toBe(true);
});
