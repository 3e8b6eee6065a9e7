import { describe, expect, it } from 'vitest';
import { playProvider } from '../../testing/play-provider.ts';
import { discord } from './discord.ts';

const { delivery } = playProvider('discord');
const sent = (body: object) => delivery({ body: JSON.stringify(body) });

describe('Discord', () => {
  it('asks with type 1 for a PONG and with type 0 for 204, and an event of type 1 is no question', () => {
    expect(discord.handshake(sent({ type: 1, id: '1' }))).toMatchObject({ status: 200, body: '{"type":1}' });
    expect(discord.handshake(sent({ type: 0, version: 1 }))).toMatchObject({ status: 204, body: '' });
    expect(discord.handshake(sent({ type: 1, event: { type: 'ENTITLEMENT_CREATE' } }))).toBeUndefined();
    expect(discord.handshake(sent({ type: 2, id: '1' }))).toBeUndefined();
  });

  it('gets 204 for an event, and for an interaction the answer that lets its user wait', () => {
    const answered = [{ type: 1, event: {} }, { type: 2 }, { type: 3 }, { type: 4 }, { type: 5 }, { type: 99 }].map(
      (body) => discord.reply(sent(body)),
    );
    expect(answered.map((reply) => reply?.status)).toEqual([204, 200, 200, 200, 200, undefined]);
    expect(answered.slice(1, 5).map((reply) => JSON.parse(reply?.body ?? '').type)).toEqual([5, 6, 8, 5]);
  });

  it('has its key from the interaction’s id, and of an event, which has none, from its body', () => {
    expect(discord.describe(sent({ type: 2, id: '7' }))).toMatchObject({ deliveryId: '7', keyFrom: 'id' });
    expect(discord.describe(sent({ type: 1, id: '7', event: { type: 'A' } }))).toMatchObject({
      deliveryId: undefined,
      keyFrom: 'type+body',
    });
  });
});
