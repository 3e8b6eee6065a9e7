import { defineConformance } from '@holdpoint/conformance/spec';
import { type PostedTool, startShopStandIn } from '../../shop/stand-in.ts';

const onOrder = (effect: PostedTool['effect']): PostedTool => ({
  effect,
  idOf: ({ order_id }) => String(order_id),
  inPath: ['order_id'],
});

const order = { order_id: '450789469' };
const shipped = { order_id: 'shipped' };

export default defineConformance({
  start: () =>
    startShopStandIn({
      'orders.hold': onOrder('orders/hold'),
      'orders.note': onOrder('orders/notes'),
      'orders.refund': onOrder('orders/refunds'),
      'orders.cancel': onOrder('orders/cancel'),
      'orders.ship': onOrder('orders/ship'),
    }),
  tools: {
    'orders.read': { args: order, invalid: [{}] },
    'orders.hold': {
      args: { ...order, reason: 'The address is new.' },
      invalid: [order],
      rejected: { ...shipped, reason: 'too late' },
    },
    'orders.note': { args: { ...order, text: 'Asked the customer.' }, invalid: [order] },
    'orders.refund': {
      args: { ...order, amount: 12.5, currency: 'EUR' },
      invalid: [{ ...order, amount: 0, currency: 'EUR' }],
    },
    'orders.cancel': {
      args: { ...order, reason: 'fraud' },
      invalid: [order],
      rejected: { ...shipped, reason: 'too late' },
    },
    'orders.ship': { args: order, invalid: [{}], rejected: { order_id: 'cancelled' } },
  },
  without: { exhausted: 'the shop publishes no allowance' },
});
