import type { ConformanceSpec } from '@holdpoint/conformance/spec';
import { HELD_ORDER, ORDER } from './commerce-world.ts';
import { startCommerce } from './stand-in.ts';

const order = { order_id: String(ORDER) };
const noOrder = { order_id: '404' };
/** As customers see it. */
const incrementId = { order_id: '000001001' };
const refund = { amount: 9.5, currency: 'USD', note: 'a mug was chipped' };

export const conformance: ConformanceSpec = {
  start: startCommerce,
  tools: {
    'orders.read': { args: order, invalid: [incrementId], rejected: noOrder },
    'orders.hold': { args: order, invalid: [incrementId, { order_id: ORDER }], rejected: noOrder },
    'orders.unhold': { args: { order_id: String(HELD_ORDER) }, invalid: [incrementId], rejected: order },
    'orders.note': {
      args: { ...order, text: 'Looked at by a person.' },
      invalid: [{ ...order, text: ' ' }],
      rejected: { ...noOrder, text: 'Looked at.' },
    },
    'orders.refund': {
      args: { ...order, ...refund },
      invalid: [
        { ...order, ...refund, amount: 9.505 },
        { ...order, ...refund, currency: 'dollars' },
      ],
      rejected: { ...order, ...refund, amount: 180.01 },
    },
    'orders.cancel': { args: order, invalid: [{}], rejected: { order_id: String(HELD_ORDER) } },
  },
  without: { exhausted: 'its REST API publishes no allowance' },
};
