import type { ConformanceSpec } from '@holdpoint/conformance/spec';
import { BIG_ORDER, CUSTOMER, HELD_ORDER } from './shop-world.ts';
import { startShop } from './stand-in.ts';

const order = { order_id: BIG_ORDER };
const noOrder = { order_id: '404' };
const asNumber = { order_id: 1001 };
const hold = { reason: 'the card is watched', cause: 'HIGH_RISK_OF_FRAUD' };
const refund = { amount: 40.5, currency: 'USD', note: 'one item was broken' };
const cancel = { cause: 'FRAUD', restock: true, refund: true };

export const conformance: ConformanceSpec = {
  start: startShop,
  tools: {
    'orders.read': { args: order, invalid: [asNumber], rejected: noOrder },
    'orders.hold': {
      args: { ...order, ...hold },
      invalid: [{ ...order, ...hold, cause: 'BECAUSE' }],
      rejected: { ...noOrder, ...hold },
    },
    'orders.release': { args: { order_id: HELD_ORDER }, invalid: [asNumber], rejected: noOrder, setsState: true },
    'orders.note': {
      args: { ...order, text: 'Looked at by a person.' },
      invalid: [{ ...order, text: '   ' }],
      rejected: { ...noOrder, text: 'Looked at.' },
      setsState: true,
    },
    'orders.tag': {
      args: { ...order, tags: ['risk', 'looked at'] },
      invalid: [{ ...order, tags: ['one,two'] }],
      rejected: { ...noOrder, tags: ['risk'] },
      setsState: true,
    },
    'orders.refund': {
      args: { ...order, ...refund },
      invalid: [
        { ...order, ...refund, amount: 0 },
        { ...order, ...refund, amount: 0.00001 },
      ],
      rejected: { ...order, ...refund, amount: 408.01 },
    },
    'orders.cancel': {
      args: { ...order, ...cancel },
      invalid: [{ ...order, cause: 'FRAUD' }],
      rejected: { ...noOrder, ...cancel },
    },
    'customers.tag': {
      args: { customer_id: CUSTOMER, tags: ['vip'] },
      invalid: [{ customer_id: CUSTOMER, tags: [] }],
      rejected: { customer_id: '404', tags: ['vip'] },
      setsState: true,
    },
  },
};
