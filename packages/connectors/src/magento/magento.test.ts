import type { StandInResponse } from '@holdpoint/conformance/http-stand-in';
import { compilePolicies } from '@holdpoint/policy/compile/compile';
import { evaluate } from '@holdpoint/policy/decide/evaluate';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exactly } from '../remote/money.ts';
import { callTool, endCalls } from '../remote/testing/call-tool.ts';
import { errorText } from './core/error-text.ts';
import { runner } from './run.ts';
import { FREE_SHIPPING_ORDER, HELD_ORDER, ORDER, type WorldOrder } from './testing/commerce-world.ts';
import { type CommerceStandIn, startCommerce } from './testing/stand-in.ts';
import { magento } from './tools.ts';

let shop: CommerceStandIn;
beforeEach(async () => {
  shop = await startCommerce();
});
afterEach(() => shop.close());
afterAll(endCalls);

type More = Partial<Pick<Parameters<typeof callTool>[0], 'actionId' | 'part' | 'result' | 'db'>>;
const call = (tool: string, args: Record<string, unknown>, more: More = {}) =>
  callTool({ runner, tool, args, config: shop.config, credentials: shop.credentials, ...more });
const world = (id = ORDER): WorldOrder => {
  const found = shop.world.orders.get(id);
  if (!found) throw new Error(`no order ${id}`);
  return found;
};
const posted = () => shop.asked.filter(({ request }) => request.startsWith('POST'));
const order = { order_id: String(ORDER) };
const refund = { ...order, amount: 9.5, currency: 'USD', items: [], online: false, note: 'chipped', notify: false };

describe('the worked example of the order-risk operator', () => {
  const policies = compilePolicies(
    [
      { connector: 'magento', tool: 'orders.hold', maxValue: 500, decision: 'ALLOW' },
      { connector: 'magento', tool: 'orders.refund', decision: 'ALERT' },
    ],
    { version: 'v1' },
  );
  const decide = (tool: string, args: object, value?: number) =>
    evaluate({
      line: {
        connector: 'magento',
        tool,
        args: { ...order, ...args },
        entity_key: 'order:1001',
        idempotency_key: 'k-1',
        ...(value !== undefined && { value }),
      },
      operator: 'order-risk',
      env: { id: 'e1', source: 'magento', type: 'order.created', signed: 'body', typeSigned: false, data: {} },
      policies,
      tools: { magento: magento.tools },
      grants: undefined,
      hooks: undefined,
      now: new Date('2026-11-02T00:00:00Z'),
    }).verdict;

  it('is decided by these tools as it says', () => {
    expect(decide('orders.hold', {}, 180).decision).toBe('ALLOW');
    expect(decide('orders.refund', { amount: 95, currency: 'USD' }).decision).toBe('ALERT');
    expect(decide('orders.cancel', {}).decision).toBe('BLOCK');
    expect(decide('orders.hold', {}, 820)).toMatchObject({ decision: 'BLOCK', reasons: [{ code: 'max_value' }] });
  });

  it('is done: the order is held, and once it is free its refund paid', async () => {
    expect(await call('orders.hold', order)).toMatchObject({ kind: 'answered' });
    expect(world().state).toBe('holded');
    await call('orders.unhold', order);
    expect(await call('orders.refund', { ...refund, amount: 95 })).toMatchObject({
      kind: 'answered',
      result: { amount: 95 },
    });
    expect(world().memos.map(({ total }) => total)).toEqual([exactly(95)]);
  });
});

describe('orders.read', () => {
  it('gives the order, whose time says that it is UTC, and keeps it', async () => {
    const db = createEntityDb(memoryEntities(), 'acme', new Map([['magento', magento.entities]]));
    const end = await call('orders.read', order);
    if (end.kind !== 'answered') throw new Error(end.kind);
    expect(end.result).toMatchObject({
      entity_id: '1001',
      increment_id: '000001001',
      updated_at: '2026-11-02T09:14:07Z',
    });
    await call('orders.read', order, { part: 'after', result: end.result, db });
    const kept = await db.magento?.orders?.findMany({ where: { state: 'processing' } });
    expect(kept?.map(({ entity_id }) => entity_id)).toEqual(['1001']);
  });
});

describe('orders.refund', () => {
  it('is exactly the amount: no item and no shipping comes along', async () => {
    await call('orders.refund', refund);
    expect(world().memos).toMatchObject([
      { total: exactly('9.5'), comment: 'chipped [holdpoint:action-1]', online: false },
    ]);
    expect(world().rows.every(({ qtyRefunded }) => qtyRefunded === 0)).toBe(true);
  });

  it.each([
    [80, 14.6, 0],
    [65.4, 0, 0],
    [50, 0, 15.4],
  ])('of %d with a row of 65.40 adjusts by +%d and −%d', async (amount, positive, negative) => {
    await call('orders.refund', { ...refund, amount, items: [{ order_item_id: 10011, qty: 3 }] });
    const body = JSON.parse(posted()[0]?.body ?? '{}');
    expect(body.arguments).toEqual({
      shipping_amount: 0,
      adjustment_positive: positive,
      adjustment_negative: negative,
    });
    expect(world().memos.map(({ total }) => total)).toEqual([exactly(amount)]);
  });

  const refused: [string, object, RegExp][] = [
    ['more than is left', { amount: 180.01 }, /180\.00 USD are left/],
    ['another currency than the base', { currency: 'EUR' }, /base currency is USD/],
    ['a part of a row, which Magento would round', { items: [{ order_item_id: 10011, qty: 1 }] }, /whole rows alone/],
    ['a set, whose parts are counted elsewhere', { items: [{ order_item_id: 10012, qty: 1 }] }, /made of others/],
    ['a row of another order', { items: [{ order_item_id: 7, qty: 1 }] }, /has no item 7/],
    ['no items where no shipping is left', { order_id: String(FREE_SHIPPING_ORDER) }, /name the items/],
  ];
  it.each(refused)('refuses %s before anything is sent', async (_, over, says) => {
    expect(await call('orders.refund', { ...refund, ...over })).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(says),
    });
    expect(posted()).toEqual([]);
  });

  it('online goes against the one paid invoice', async () => {
    expect(await call('orders.refund', { ...refund, online: true })).toMatchObject({ kind: 'answered' });
    expect(posted().map(({ request }) => request)).toEqual(['POST /rest/default/V1/invoice/100100/refund']);
    expect(shop.world.paidOut).toEqual([exactly('9.5')]);
  });

  it('online wants an invoice named where there are several, and takes no other', async () => {
    world().invoices.push({ entity_id: 5, state: 2, total: '9.0000' });
    expect(await call('orders.refund', { ...refund, online: true })).toMatchObject({ kind: 'refused' });
    expect(await call('orders.refund', { ...refund, online: true, invoice_id: 5 })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('less than 9.5'),
    });
    expect(await call('orders.refund', { ...refund, amount: 9, online: true, invoice_id: 5 })).toMatchObject({
      kind: 'answered',
    });
  });

  it('that the gateway paid and Magento could not save is not known, and never taken for undone', async () => {
    shop.world.failsToSave = true;
    const online = { ...refund, online: true };
    expect(await call('orders.refund', online)).toMatchObject({ kind: 'unknown' });
    expect(shop.world.paidOut).toHaveLength(1);
    expect(await call('orders.refund', online, { part: 'reconcile' })).toMatchObject({ result: 'unknown' });
    expect(await call('orders.refund', refund)).toMatchObject({ kind: 'refused' });
  });

  it('is found again by its mark, among others of the same amount', async () => {
    await call('orders.refund', refund, { actionId: 'action-7' });
    expect(await call('orders.refund', refund, { part: 'reconcile' })).toMatchObject({ result: 'not_applied' });
    expect(await call('orders.refund', refund, { part: 'reconcile', actionId: 'action-7' })).toMatchObject({
      result: { applied: { creditmemo_id: world().memos[0]?.entity_id } },
    });
  });
});

describe('orders.cancel', () => {
  it('fails where Magento answers no', async () => {
    expect(await call('orders.cancel', { order_id: String(HELD_ORDER) })).toMatchObject({ kind: 'refused' });
  });

  it('in part is left to a person', async () => {
    world().canceled = '20.0000';
    expect(await call('orders.cancel', order, { part: 'reconcile' })).toMatchObject({ result: 'unknown' });
  });
});

describe('what Magento refuses', () => {
  const cases: [string, StandInResponse, object][] = [
    ['401 is refused for good', { status: 401, body: { message: 'x' } }, { kind: 'refused' }],
    ['403 is refused for good', { status: 403, body: { message: 'x' } }, { kind: 'refused' }],
    ['500 is not known', { status: 500, body: { message: 'x' } }, { kind: 'unknown' }],
    ['503 is not known', { status: 503, body: '' }, { kind: 'unknown' }],
    ['503 of the edge waits', { status: 503, headers: { 'retry-after': '9' } }, { kind: 'retry', retryAfterMs: 9000 }],
    ['429 of the edge waits', { status: 429, headers: { 'retry-after': '9' } }, { kind: 'retry', retryAfterMs: 9000 }],
    ['an answer of another kind is not known', { status: 200, body: { ok: 1 } }, { kind: 'unknown' }],
  ];
  it.each(cases)('%s', async (_, response, end) => {
    shop.answerNext(response);
    expect(await call('orders.hold', order)).toMatchObject(end);
    expect(world().state).toBe('processing');
  });

  it('is told in its words, with what stands for their placeholders', async () => {
    expect(await call('orders.hold', { order_id: '404' })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining("The entity that was requested doesn't exist."),
    });
    expect(errorText({ message: 'Invalid %1: %2 %3', parameters: ['sku', 7] })).toBe('Invalid sku: 7 %3');
    expect(errorText({ message: '"%fieldName" is 100% required', parameters: { fieldName: 'qty' } })).toBe(
      '"qty" is 100% required',
    );
    expect(errorText({ message: 'Two faults.', errors: [{ message: 'No %1.', parameters: ['a'] }] })).toBe(
      'Two faults. No a.',
    );
    expect(errorText('<html>')).toBeUndefined();
  });

  it('keeps the path of a base URL, with a slash at its end or without', async () => {
    const config = { baseUrl: `${String(shop.config.baseUrl)}/` };
    const called = { runner, tool: 'orders.read', args: order, credentials: shop.credentials, config };
    expect(await callTool(called)).toMatchObject({ kind: 'answered' });
  });
});
