import { readFile } from 'node:fs/promises';
import type { AcceptedEvent, AfterHookContext } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { orderFromAdmin, orderFromWebhook } from './core/order-entity.ts';
import { keepShopify } from './keep.ts';
import { shopify } from './tools.ts';

type Db = EntityDbOf<{ shopify: typeof shopify }>;

let payload: Record<string, unknown>;
let db: Db;
beforeAll(async () => {
  const sample = new URL('../../../../workspace/samples/payloads/shopify-order-create.json', import.meta.url);
  payload = JSON.parse(await readFile(sample, 'utf8'));
});
beforeEach(() => {
  const entities = new Map([['shopify', shopify.entities]]);
  db = createEntityDb(memoryEntities(), 'acme', entities) as unknown as Db;
});

const id = '820982911946154508';
const { after, types } = keepShopify({ source: 'shopify' });
const tell = (event: Pick<AcceptedEvent, 'type' | 'data'>) =>
  after(event as AcceptedEvent, { db } as AfterHookContext<Db>);
const keep = (type: string, over: object = {}) => tell({ type, data: { ...payload, ...over } });
const kept = (where = id) => db.shopify.orders.findUnique({ where: { id: where } });

it('keeps an order of a webhook by its whole number, flat and small', async () => {
  await keep('orders/create');
  expect(await kept()).toEqual({
    id,
    name: '#1234',
    customerId: '115310627314723954',
    financialStatus: 'pending',
    fulfillmentStatus: 'unfulfilled',
    totalPrice: 408,
    currency: 'USD',
    tags: ['tag1', 'tag2'],
    test: true,
    cancelledAt: null,
    createdAt: '2026-11-02T14:14:07.000Z',
    updatedAt: '2026-11-02T14:14:07.000Z',
  });
});

it('lets nothing older overwrite what is newer, whatever comes first', async () => {
  await keep('orders/paid', { financial_status: 'paid', updated_at: '2026-11-02T09:20:00-05:00' });
  await keep('orders/create');
  expect(await kept()).toMatchObject({ financialStatus: 'paid' });
});

it('forgets a deleted order where its number is exact', async () => {
  await keep('orders/create', { admin_graphql_api_id: 'gid://shopify/Order/1001' });
  await tell({ type: 'orders/delete', data: { id: 1001 } });
  expect(await kept('1001')).toBeNull();
  await keep('orders/create');
  await tell({ type: 'orders/delete', data: { id: Number(id) } });
  expect(await kept()).not.toBeNull();
});

it('passes by what is no order', async () => {
  expect(types.every((type) => type.startsWith('orders/'))).toBe(true);
  await tell({ type: 'orders/updated', data: null });
  await tell({ type: 'orders/updated', data: { ...payload, admin_graphql_api_id: 'nonsense' } });
  expect(await db.shopify.orders.findMany()).toHaveLength(0);
});

it('names the states as the GraphQL Admin API does', () => {
  const admin = orderFromAdmin({
    id: `gid://shopify/Order/${id}`,
    name: '#1234',
    tags: ['tag1', 'tag2'],
    test: true,
    cancelledAt: null,
    createdAt: '2026-11-02T14:14:07Z',
    updatedAt: '2026-11-02T14:14:07Z',
    displayFinancialStatus: 'PENDING',
    displayFulfillmentStatus: 'PARTIALLY_FULFILLED',
    currentTotalPriceSet: { shopMoney: { amount: '408.0', currencyCode: 'USD' } },
    customer: { id: 'gid://shopify/Customer/115310627314723954' },
  });
  expect(orderFromWebhook({ ...payload, fulfillment_status: 'partial' })).toEqual(admin);
});
