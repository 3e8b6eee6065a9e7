import type { ReceivedEvent } from '@holdpoint/shared/messages/event-message';
import { describe, expect, it } from 'vitest';
import { defineOperator, subscribedSubjects, toPlan } from './operator.ts';

const event: ReceivedEvent = {
  id: 'shopify.orders=2Fcreate.k1',
  rootId: 'shopify.orders=2Fcreate.k1',
  tenant: 'acme',
  source: 'shopify',
  type: 'orders/create',
  signed: 'body',
  typeSigned: false,
  data: {},
  digest: 'd',
  size: 2,
};
const action = { connector: 'shop', tool: 'orders.hold', args: {}, entity_key: 'order:1', idempotency_key: 'k' };

describe('the plan made of a proposal', () => {
  it('carries the event’s id and an id that every redelivery gives it', () => {
    const plan = toPlan('risk', event, { actions: [action] });
    expect(plan).toMatchObject({ event_id: event.id, actions: [action] });
    expect(toPlan('risk', event, { actions: [action] })).toEqual(plan);
  });

  it('is refused before it leaves when it has no actions, unknown parts, or is too large', () => {
    expect(() => toPlan('risk', event, { actions: [] })).toThrow();
    expect(() => toPlan('risk', event, { actions: [action], urgent: true } as never)).toThrow();
    const large = { ...action, args: { text: 'x'.repeat(520_000) } };
    expect(() => toPlan('risk', event, { actions: [large] })).not.toThrow();
    const tooLarge = { ...action, args: { text: 'x'.repeat(525_000) } };
    expect(() => toPlan('risk', event, { actions: [tooLarge] })).toThrow(/at most 524288/);
  });
});

describe('the subjects of an operator', () => {
  it('are the encoded types of its sources', () => {
    expect(subscribedSubjects('acme', [{ source: 'shopify', type: 'orders/create' }, { source: 'github' }])).toEqual([
      'events.acme.github.*.*',
      'events.acme.shopify.orders=2Fcreate.*',
    ]);
  });

  it('never overlap: a whole source takes in its types, and nothing stands twice', () => {
    const stripe = { source: 'stripe', type: 'charge.succeeded' };
    expect(subscribedSubjects('acme', [stripe, { source: 'stripe' }, stripe])).toEqual(['events.acme.stripe.*.*']);
    expect(subscribedSubjects('acme', [stripe, stripe])).toHaveLength(1);
  });

  it('are all events of the tenant where none are named', () => {
    expect(subscribedSubjects('acme', [])).toEqual(['events.acme.*.*.*']);
  });
});

it('an operator’s name is one token of a subject', () => {
  expect(() => defineOperator({ name: 'Order.Risk', events: [], plan: () => null })).toThrow();
});
