import { describe, expect, it } from 'vitest';
import { ENDPOINT, playProvider } from '../../testing/play-provider.ts';
import type { BatchItem } from '../provider.ts';
import { hubspot } from './hubspot.ts';

const { delivery, verdict } = playProvider('hubspot');
const items = (body: string) => hubspot.items({ ...delivery(), rawBody: Buffer.from(body) }) ?? [];

describe('hubspot', () => {
  it('a signature fits one division of URI and body only: nothing moves from the one into the other', () => {
    const good = delivery({ body: '[{"a":1}]' });
    const text = good.rawBody.toString();
    for (let at = 1; at <= text.length; at += 1) {
      const shifted = {
        ...good,
        url: `${ENDPOINT}${text.slice(0, at)}`,
        rawBody: Buffer.from(text.slice(at)),
      };
      expect(verdict(shifted), text.slice(at)).toBe('body_malformed');
    }
    const under = delivery({ body: '?n[{"a":1}]' });
    expect(verdict({ ...under, query: '', url: ENDPOINT })).toBe('body_malformed');
    expect(verdict({ ...under, query: 'n', rawBody: Buffer.from('[{"a":1}]') })).toBe('accepted');
    expect(verdict({ ...under, query: 'n[', rawBody: Buffer.from('{"a":1}]') })).toBe('body_malformed');
    const number = delivery({ body: '?n=1' });
    expect(verdict({ ...number, query: 'n=', rawBody: Buffer.from('1') })).toBe('body_malformed');
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
