import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { actionMark } from '../remote/action-mark.ts';
import { callCommerce } from './commerce-api.ts';
import { type CommerceOrder, commerceOrder, orderEntity } from './core/order.ts';
import { refundOrder, wasRefunded } from './refund-order.ts';
import type { MagentoOrder, magento } from './tools.ts';

interface OfOrder {
  readonly order_id: string;
}

export const runner = defineConnector<typeof magento>({
  run: {
    'orders.read': async ({ order_id }, ctx) => orderEntity(await readOrder(order_id, ctx)),
    'orders.hold': (args, ctx) => change(args, ctx, 'hold'),
    'orders.unhold': (args, ctx) => change(args, ctx, 'unhold'),
    'orders.cancel': (args, ctx) => change(args, ctx, 'cancel'),
    'orders.note': noteOrder,
    'orders.refund': refundOrder,
  },
  reconcile: {
    'orders.hold': async (args, ctx) =>
      is(args, await readOrder(args.order_id, ctx), ({ state }) => state === 'holded'),
    'orders.unhold': async (args, ctx) =>
      is(args, await readOrder(args.order_id, ctx), ({ state }) => state !== 'holded'),
    'orders.cancel': wasCancelled,
    'orders.note': wasNoted,
    'orders.refund': wasRefunded,
  },
  after: {
    'orders.read': async (order: MagentoOrder, _, ctx) => {
      await ctx.db.magento.orders.upsert(order);
    },
  },
});

const readOrder = (orderId: string, ctx: ConnectorContext): Promise<CommerceOrder> =>
  callCommerce(ctx, { method: 'GET', path: `orders/${orderId}`, data: commerceOrder });

/** Where an order's state does not allow it, Magento refuses or answers `false`. */
async function change({ order_id }: OfOrder, ctx: ConnectorContext, verb: 'hold' | 'unhold' | 'cancel') {
  const done = await callCommerce(ctx, { method: 'POST', path: `orders/${order_id}/${verb}`, data: z.boolean() });
  if (!done) throw new Terminal(`Magento does not ${verb} order ${order_id} in its state`);
  return { order_id };
}

/** The state that is wanted answers for the call: while it is asked, no other action of the order runs. */
function is({ order_id }: OfOrder, order: CommerceOrder, wanted: (order: CommerceOrder) => boolean) {
  return wanted(order) ? { applied: { order_id } } : ('not_applied' as const);
}

/** An order that was sent in part is cancelled in part, and its state is another then: a person looks. */
async function wasCancelled(args: OfOrder, ctx: ConnectorContext) {
  const order = await readOrder(args.order_id, ctx);
  if (order.state !== 'canceled' && order.total_canceled) return 'unknown' as const;
  return is(args, order, ({ state }) => state === 'canceled');
}

interface Note extends OfOrder {
  readonly text: string;
  readonly visible_to_customer: boolean;
}

async function noteOrder({ order_id, text, visible_to_customer }: Note, ctx: ConnectorContext) {
  const statusHistory = {
    parent_id: Number(order_id),
    comment: `${text} ${actionMark(ctx)}`,
    is_customer_notified: 0,
    is_visible_on_front: visible_to_customer ? 1 : 0,
  };
  const path = `orders/${order_id}/comments`;
  const done = await callCommerce(ctx, { method: 'POST', path, body: { statusHistory }, data: z.boolean() });
  if (!done) throw new Terminal(`Magento takes no note for order ${order_id}`);
  return { order_id };
}

const comments = z.object({ items: z.array(z.object({ comment: z.string().nullish() })) });

async function wasNoted({ order_id }: OfOrder, ctx: ConnectorContext) {
  const mark = actionMark(ctx);
  const said = await callCommerce(ctx, { method: 'GET', path: `orders/${order_id}/comments`, data: comments });
  const found = said.items.some(({ comment }) => comment?.includes(mark));
  return found ? { applied: { order_id } } : ('not_applied' as const);
}
