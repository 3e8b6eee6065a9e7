import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDPOINT, playProvider } from '../../testing/play-provider.ts';
import type { BatchItem } from '../provider.ts';
import { hubspot } from './hubspot.ts';

const { delivery, verdict } = playProvider('hubspot');
const items = (body: string) => hubspot.items({ ...delivery(), rawBody: Buffer.from(body) }) ?? [];

describe('hubspot', () => {
  it('a signature fits one division of URI and body only: nothing moves from the one into the other', () => {
    const text = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', ',', ':', '\\', '1', 'a'), maxLength: 8 });
    const value = fc.oneof(
      text,
      fc.array(text, { maxLength: 3 }),
      fc.dictionary(text, text, { maxKeys: 3 }),
      fc.nat(9),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const good = delivery({ body: `?from=crm${JSON.stringify(values)}` });
        const whole = good.rawBody.toString();
        const believed = Array.from(whole, (_, at) => at).filter((at) => {
          const divided = { ...good, url: `${ENDPOINT}${whole.slice(0, at)}`, rawBody: Buffer.from(whole.slice(at)) };
          return verdict(divided) !== 'body_malformed';
        });
        expect(believed).toEqual(['?from=crm'.length]);
      }),
    );
  });

  it('a body that is part of a query is none', () => {
    for (const [query, body] of [
      ['n=', '1'],
      ['n=', 'null'],
      ['n=1', ''],
    ] as const) {
      const signed = delivery({ body: `?${query}${body}` });
      expect(verdict({ ...signed, query, rawBody: Buffer.from(body) }), body).toBe('body_malformed');
    }
  });

  it('an item is known by its bytes but for its own count of attempts', () => {
    const keyOf = (body: string) => (items(`[${body}]`)[0] as BatchItem).description.keyBody?.toString();
    const item = (count: number, more = '') => `{"eventId":1,"attemptNumber":${count}${more}}`;
    expect(keyOf(item(0))).toBe(keyOf(item(12)));
    expect(keyOf(item(0))).not.toBe(keyOf(item(0, ',"objectId":2')));
    expect(keyOf(item(0, ',"p":{"attemptNumber":0}'))).not.toBe(keyOf(item(0, ',"p":{"attemptNumber":1}')));
  });

  it('an event’s id is told, and is not the key: HubSpot does not promise that it is unique', () => {
    const [item] = items('[{"eventId":3816279340,"objectId":1246965,"subscriptionType":"contact.creation"}]');
    expect((item as BatchItem).description).toMatchObject({
      deliveryId: '3816279340',
      subject: '1246965',
      keyFrom: 'type+body',
    });
  });

  it('what is no array of events is one event', () => {
    const object = Buffer.from('{"objectId":7,"subscriptionType":"ticket.creation"}');
    expect(hubspot.items({ ...delivery(), rawBody: object })).toBeUndefined();
    expect(hubspot.describe({ ...delivery(), rawBody: object })).toMatchObject({
      type: 'ticket.creation',
      subject: '7',
    });
  });
});
