import type { StandInResponse } from '@holdpoint/conformance/http-stand-in';
import { parse, validate } from 'graphql';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { untilAffordable } from './core/query-cost.ts';
import * as operations from './operations.ts';
import { runner } from './run.ts';
import { adminSchema } from './testing/admin-schema.ts';
import { BIG_ORDER, CUSTOMER, FOREIGN_ORDER, HELD_ORDER, SENT_ORDER } from './testing/shop-world.ts';
import { type ShopStandIn, startShop } from './testing/stand-in.ts';
import { shopify } from './tools.ts';

let shop: ShopStandIn;
beforeEach(async () => {
  shop = await startShop();
});
afterEach(() => shop.close());
afterAll(endCalls);

const call = (
  tool: string,
  args: Record<string, unknown>,
  more: { actionId?: string; part?: 'run' | 'reconcile' } = {},
) => callTool({ runner, tool, args, config: shop.config, credentials: shop.credentials, ...more });
const order = (number = BIG_ORDER) => {
  const found = shop.world.orders.get(`gid://shopify/Order/${number}`);
  if (!found) throw new Error(`no order ${number}`);
  return found;
};
const note = { order_id: BIG_ORDER, text: 'Looked at.' };
const refund = { order_id: BIG_ORDER, amount: 350, currency: 'USD', note: '', notify: false };
const cancel = { order_id: BIG_ORDER, cause: 'FRAUD', restock: true, refund: true, notify: false, staff_note: '' };

describe('documents', () => {
  it('are valid by the cut-out of the schema, each of them', () => {
    const documents = Object.values(operations).flatMap((one) => (typeof one === 'object' ? one.document : []));
    expect(documents).toHaveLength(11);
    for (const document of documents) expect(validate(adminSchema, parse(document))).toEqual([]);
  });

  it('that ask for a field that is not there are refused for good', async () => {
    expect(validate(adminSchema, parse('{ order(id: "1") { nonsense } }'))).toHaveLength(1);
  });
});

describe('orders.read', () => {
  it('gives an order by an id beyond 2^53, flat and small', async () => {
    expect(await call('orders.read', { order_id: BIG_ORDER })).toMatchObject({
      kind: 'answered',
      result: {
        id: '9007199254740993',
        customerId: CUSTOMER,
        totalPrice: 408,
        currency: 'USD',
        financialStatus: 'paid',
      },
    });
  });

  it('refuses ids that lost their end as numbers', () => {
    const { args } = shopify.tools['orders.read'];
    expect(args?.safeParse({ order_id: Number(BIG_ORDER) }).success).toBe(false);
    expect(args?.safeParse({ order_id: '9007199254740993' }).success).toBe(true);
  });
});

describe('orders.hold and orders.release', () => {
  const hold = { order_id: BIG_ORDER, reason: 'the card is watched', cause: 'HIGH_RISK_OF_FRAUD' };

  it('hold every part of an order once, under a handle of the action', async () => {
    await call('orders.hold', hold);
    await call('orders.hold', hold);
    expect(order().parts.map(({ holds }) => holds.map(({ handle, reason }) => [handle, reason]))).toEqual([
      [['holdpoint-action-1', 'HIGH_RISK_OF_FRAUD']],
      [['holdpoint-action-1', 'HIGH_RISK_OF_FRAUD']],
    ]);
  });

  it('go on with the parts that a lost attempt left out', async () => {
    await call('orders.hold', hold);
    order().parts[1]?.holds.splice(0);
    expect(await call('orders.hold', hold)).toMatchObject({ kind: 'answered' });
    expect(order().parts.map(({ holds }) => holds.length)).toEqual([1, 1]);
    expect(shop.asked.filter(({ name }) => name === 'Hold')).toHaveLength(3);
  });

  it('never say that nothing happened once a part is held', async () => {
    const [, second] = order().parts;
    second?.holds.push({ id: 'x', handle: 'other', byUs: true, reason: 'OTHER', notes: null });
    const parts = order().parts as { fulfilled: boolean }[];
    // It is on hold, and gone by the time that it is held again.
    if (parts[1])
      parts[1] = {
        ...parts[1],
        get fulfilled() {
          return shop.asked.some(({ name }) => name === 'Hold');
        },
      };
    expect(await call('orders.hold', hold)).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('1 of 2 parts are done'),
    });
  });

  it('refuse an order of which nothing is left to hold', async () => {
    expect(await call('orders.hold', { ...hold, order_id: SENT_ORDER })).toMatchObject({ kind: 'refused' });
  });

  it("release this app's holds and leave those of others", async () => {
    await call('orders.release', { order_id: HELD_ORDER });
    expect(order(HELD_ORDER).parts.flatMap(({ holds }) => holds.map(({ byUs }) => byUs))).toEqual([false, false]);
    await call('orders.release', { order_id: HELD_ORDER });
    expect(order(HELD_ORDER).parts.map(({ releases }) => releases)).toEqual([1, 1]);
  });
});

describe('orders.note', () => {
  it('keeps what stands, and writes a paragraph once', async () => {
    await call('orders.note', note);
    await call('orders.note', note);
    expect(order().note).toBe('Ring twice.\n\nLooked at.');
  });
});

describe('orders.refund', () => {
  it('pays back to the payments in their order, each no more than it took', async () => {
    expect(await call('orders.refund', refund)).toMatchObject({ kind: 'answered', result: { refunded: '350.00' } });
    const made = order().payments.filter(({ kind }) => kind === 'REFUND');
    expect(made.map(({ amount }) => amount)).toEqual(['300.00', '50.00']);
  });

  it('is not made twice by an action, after the key is forgotten too', async () => {
    await call('orders.refund', { ...refund, amount: 40 });
    shop.world.keys.clear();
    await call('orders.refund', { ...refund, amount: 40 });
    expect(order().refunds).toHaveLength(1);
    await call('orders.refund', { ...refund, amount: 40 }, { actionId: 'action-2' });
    expect(shop.asked.filter(({ name }) => name === 'Refund')).toHaveLength(2);
  });

  it('sends the key with the directive, without which it is refused', async () => {
    await call('orders.refund', refund);
    expect([...shop.world.keys.keys()]).toEqual(['key-1']);
  });

  it('refuses more than is left before anything is sent, to the cent', async () => {
    expect(await call('orders.refund', { ...refund, amount: 408.01 })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('0.01 USD too little'),
    });
    expect(shop.asked.map(({ name }) => name)).toEqual(['ReadPayments']);
  });

  it("refuses an order that was paid in another currency than the shop's, where the value would be another", async () => {
    expect(await call('orders.refund', { ...refund, order_id: FOREIGN_ORDER })).toMatchObject({ kind: 'refused' });
    expect(await call('orders.refund', { ...refund, currency: 'EUR' })).toMatchObject({ kind: 'refused' });
    expect(shop.asked.map(({ name }) => name)).toEqual(['ReadPayments', 'ReadPayments']);
  });

  it('waits while another attempt with its key is at work', async () => {
    const busy = { message: 'This request is currently in progress, please try again.', field: null };
    await answerSecond({ data: { refundCreate: { refund: null, userErrors: [busy] } } });
    expect(await call('orders.refund', refund)).toMatchObject({ kind: 'retry' });
  });

  it('has the amount as its value', () => {
    expect(shopify.tools['orders.refund'].value?.(refund)).toBe(350);
  });

  /** What is read before stays as it is. */
  async function answerSecond(body: object): Promise<void> {
    const { world } = shop;
    const orders = world.orders.get.bind(world.orders);
    world.orders.get = (id) => {
      shop.answerNext({ status: 200, body });
      return orders(id);
    };
  }
});

describe('orders.cancel', () => {
  it('waits for the job, and tells when the order was cancelled', async () => {
    shop.world.cancelling.looks = 2;
    expect(await call('orders.cancel', cancel)).toMatchObject({
      kind: 'answered',
      result: { cancelledAt: '2026-11-02T10:00:00Z', cancelReason: 'FRAUD' },
    });
    expect(shop.asked.map(({ name }) => name)).toEqual(['Cancel', 'ReadCancelJob', 'ReadCancelJob']);
  });

  it('fails where the job ends and the order stands', async () => {
    shop.world.cancelling.fails = true;
    expect(await call('orders.cancel', cancel)).toMatchObject({ kind: 'refused' });
  });

  it('that was taken is never said not to have happened, though nobody could look', async () => {
    const looked = shop.world.jobs.get.bind(shop.world.jobs);
    shop.world.cancelling.looks = 3;
    shop.world.jobs.get = (id) => {
      shop.fault('rate_limited', 'any');
      return looked(id);
    };
    expect(await call('orders.cancel', cancel)).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('Shopify took the order to cancel'),
    });
  });

  it('is asked about by the order itself', async () => {
    expect(await call('orders.cancel', cancel, { part: 'reconcile' })).toMatchObject({ result: 'not_applied' });
    await call('orders.cancel', cancel);
    expect(await call('orders.cancel', cancel, { part: 'reconcile' })).toMatchObject({
      result: { applied: { cancelReason: 'FRAUD' } },
    });
  });
});

describe('what Shopify refuses', () => {
  const errors = (code: string | undefined, path?: string[]) => ({
    status: 200,
    body: {
      ...(path && { data: null }),
      errors: [{ message: 'said so', extensions: { code }, ...(path && { path }) }],
    },
  });
  const cases: [string, StandInResponse, object][] = [
    ['a document too dear is refused for good', errors('MAX_COST_EXCEEDED'), { kind: 'refused' }],
    ['no access to the mutation is refused for good', errors('ACCESS_DENIED', ['tagsAdd']), { kind: 'refused' }],
    [
      'no access to what it answers is not known: it was done',
      errors('ACCESS_DENIED', ['tagsAdd', 'node']),
      { kind: 'unknown' },
    ],
    ['an internal error is not known', errors('INTERNAL_SERVER_ERROR'), { kind: 'unknown' }],
    ['an error without a code is not known', errors(undefined), { kind: 'unknown' }],
    [
      'a frozen shop (402) is refused for good',
      { status: 402, body: { errors: 'Payment Required' } },
      { kind: 'refused' },
    ],
    ['a locked shop (423) is refused for good', { status: 423, body: { errors: 'Locked' } }, { kind: 'refused' }],
    ['a security rejection (430) is refused for good', { status: 430, body: '' }, { kind: 'refused' }],
    ['429 waits as told', { status: 429, headers: { 'retry-after': '2.0' } }, { kind: 'retry', retryAfterMs: 2000 }],
    ['a gateway that gave up (504) is not known', { status: 504, body: 'timeout' }, { kind: 'unknown' }],
    ['an answer without data is not known', { status: 200, body: {} }, { kind: 'unknown' }],
  ];
  it.each(cases)('%s', async (_, response, end) => {
    shop.answerNext(response);
    expect(await call('orders.tag', { order_id: BIG_ORDER, tags: ['x'] })).toMatchObject(end);
    expect(order().tags).not.toContain('x');
  });

  it('for now waits until the bucket holds what the query costs', async () => {
    shop.answerNext({
      status: 200,
      body: {
        errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
        extensions: { cost: { requestedQueryCost: 752, throttleStatus: { currentlyAvailable: 666, restoreRate: 50 } } },
      },
    });
    expect(await call('orders.read', { order_id: BIG_ORDER })).toMatchObject({
      kind: 'retry',
      retryAfterMs: 2000,
      restMs: 2000,
    });
  });

  it('in userErrors is told with its field', async () => {
    expect(await call('orders.tag', { order_id: '404', tags: ['x'] })).toMatchObject({
      kind: 'refused',
      message: 'Shopify refused: id: Resource not found',
    });
  });
});

describe('the bucket', () => {
  it('lets the tenant rest where less is left than the last query cost', async () => {
    shop.world.bucket = { available: 2, restoreRate: 4 };
    expect(await call('orders.read', { order_id: BIG_ORDER })).toMatchObject({ kind: 'answered', restMs: 3000 });
  });

  it('is waited for an hour at most where it does not fill', () => {
    const empty = { requestedQueryCost: 10, throttleStatus: { currentlyAvailable: 0, restoreRate: 0 } };
    expect(untilAffordable(empty)).toBe(3600);
  });
});
