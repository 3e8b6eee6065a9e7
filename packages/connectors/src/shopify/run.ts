import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal, Unknown } from '@holdpoint/sdk/errors';
import { callAdmin, refuseOn } from './admin-api.ts';
import { cancelOrder, wasCancelled } from './cancel-order.ts';
import { gid } from './core/gid.ts';
import { orderFromAdmin } from './core/order-entity.ts';
import { ADD_TAGS, HOLD, READ_HOLDS, READ_ORDER, RELEASE, WRITE_NOTE } from './operations.ts';
import { refundOrder } from './refund-order.ts';
import { type shopify, shopifyOrder } from './tools.ts';

export const runner = defineConnector<typeof shopify>({
  run: {
    'orders.read': ({ order_id }, ctx) => readOrder(ctx, order_id),
    'orders.hold': holdOrder,
    'orders.release': ({ order_id }, ctx) => releaseOrder(ctx, order_id),
    'orders.note': ({ order_id, text }, ctx) => noteOrder(ctx, order_id, text),
    'orders.tag': ({ order_id, tags }, ctx) => addTags(ctx, gid('Order', order_id), tags),
    'orders.refund': refundOrder,
    'orders.cancel': cancelOrder,
    'customers.tag': ({ customer_id, tags }, ctx) => addTags(ctx, gid('Customer', customer_id), tags),
  },
  reconcile: { 'orders.cancel': ({ order_id }, ctx) => wasCancelled(ctx, order_id) },
  after: {
    'orders.read': async (order: unknown, _, ctx) => {
      await ctx.db.shopify.orders.upsert(shopifyOrder.parse(order));
    },
  },
});

async function readOrder(ctx: ConnectorContext, orderId: string) {
  const { order } = await callAdmin(ctx, READ_ORDER, { id: gid('Order', orderId) });
  if (!order) throw new Terminal(`the shop has no order ${orderId}`);
  return { ...orderFromAdmin(order), note: order.note, cancelReason: order.cancelReason };
}

interface Hold {
  readonly order_id: string;
  readonly reason: string;
  readonly cause: string;
}

/**
 * A hold on each of the order's parts that can be held. Its handle, which Shopify keeps unique for an app and a part, is the
 * action's: what an earlier attempt has held is left out. https://shopify.dev/changelog/apply-multiple-holds-to-a-single-fulfillment-order
 */
async function holdOrder({ order_id, reason, cause }: Hold, ctx: ConnectorContext) {
  const handle = `holdpoint-${ctx.actionId}`;
  const parts = (await readParts(ctx, order_id)).filter(
    ({ status, supportedActions }) => status === 'ON_HOLD' || supportedActions.some(({ action }) => action === 'HOLD'),
  );
  if (parts.length === 0) throw new Terminal(`nothing of order ${order_id} can be held any more`);
  const open = parts.filter(({ fulfillmentHolds }) => !fulfillmentHolds.some((hold) => hold.handle === handle));
  const hold = { handle, reason: cause, reasonNotes: reason };
  await inTurn(open, async ({ id }) => {
    const { fulfillmentOrderHold } = await callAdmin(ctx, HOLD, { id, hold });
    refuseOn(fulfillmentOrderHold.userErrors);
  });
  return { order_id, held: parts.map(({ id }) => id) };
}

async function releaseOrder(ctx: ConnectorContext, orderId: string) {
  const parts = (await readParts(ctx, orderId))
    .map(({ id, fulfillmentHolds }) => ({
      id,
      holdIds: fulfillmentHolds.filter(({ heldByRequestingApp }) => heldByRequestingApp).map((hold) => hold.id),
    }))
    .filter(({ holdIds }) => holdIds.length > 0);
  await inTurn(parts, async ({ id, holdIds }) => {
    const { fulfillmentOrderReleaseHold } = await callAdmin(ctx, RELEASE, { id, holdIds });
    refuseOn(fulfillmentOrderReleaseHold.userErrors);
  });
  return { order_id: orderId, released: parts.map(({ id }) => id) };
}

async function readParts(ctx: ConnectorContext, orderId: string) {
  const { order } = await callAdmin(ctx, READ_HOLDS, { id: gid('Order', orderId) });
  if (!order) throw new Terminal(`the shop has no order ${orderId}`);
  const { nodes, pageInfo } = order.fulfillmentOrders;
  if (pageInfo.hasNextPage) throw new Terminal(`order ${orderId} has more parts than ${nodes.length}`);
  return nodes;
}

/** One after the other. Once one of them has happened, no failure of the next may claim that nothing did. */
async function inTurn<Part>(parts: readonly Part[], act: (part: Part) => Promise<void>): Promise<void> {
  let done = 0;
  for (const part of parts) {
    try {
      await act(part);
    } catch (cause) {
      if (done === 0) throw cause;
      throw new Unknown(`${done} of ${parts.length} parts are done: ${(cause as Error).message}`, { cause });
    }
    done += 1;
  }
}

const PARAGRAPH = '\n\n';

async function noteOrder(ctx: ConnectorContext, orderId: string, text: string) {
  const id = gid('Order', orderId);
  const { order } = await callAdmin(ctx, READ_ORDER, { id });
  if (!order) throw new Terminal(`the shop has no order ${orderId}`);
  const stands = `${PARAGRAPH}${order.note ?? ''}${PARAGRAPH}`.includes(`${PARAGRAPH}${text}${PARAGRAPH}`);
  if (!stands) {
    const note = [order.note, text].filter(Boolean).join(PARAGRAPH);
    const { orderUpdate } = await callAdmin(ctx, WRITE_NOTE, { input: { id, note } });
    refuseOn(orderUpdate.userErrors);
  }
  return { order_id: orderId };
}

async function addTags(ctx: ConnectorContext, id: string, tags: readonly string[]) {
  const { tagsAdd } = await callAdmin(ctx, ADD_TAGS, { id, tags });
  refuseOn(tagsAdd.userErrors);
  return { id, tags };
}
