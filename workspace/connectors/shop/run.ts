import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { callShop } from '../../lib/call-shop.ts';
import type { shop } from './tools.ts';

export default defineConnector<typeof shop>({
  run: {
    'orders.read': (args, ctx) => callShop(ctx, 'GET', path(args)),
    'orders.hold': ({ order_id, ...body }, ctx) => callShop(ctx, 'POST', path({ order_id }, 'hold'), body),
    'orders.note': ({ order_id, ...body }, ctx) => callShop(ctx, 'POST', path({ order_id }, 'notes'), body),
    'orders.refund': ({ order_id, ...body }, ctx) => callShop(ctx, 'POST', path({ order_id }, 'refunds'), body),
    'orders.cancel': ({ order_id, ...body }, ctx) => callShop(ctx, 'POST', path({ order_id }, 'cancel'), body),
    'orders.ship': (args, ctx) => callShop(ctx, 'POST', path(args, 'ship'), {}),
  },
  reconcile: { 'orders.ship': wasShipped },
});

/** An order ships once, whoever asks, so that its state answers for the call. */
async function wasShipped(args: { order_id: string }, ctx: ConnectorContext) {
  const order = (await callShop(ctx, 'GET', path(args))) as { status?: string };
  return order.status === 'shipped' ? { applied: order } : ('not_applied' as const);
}

const path = ({ order_id }: { order_id: string }, verb?: string): string =>
  `/orders/${encodeURIComponent(order_id)}${verb ? `/${verb}` : ''}`;
