import { setTimeout } from 'node:timers/promises';
import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal, Unknown } from '@holdpoint/sdk/errors';
import { callAdmin, refuseOn } from './admin-api.ts';
import { gid } from './core/gid.ts';
import { CANCEL, READ_CANCEL_JOB, READ_CANCELLATION } from './operations.ts';

interface Cancel {
  readonly order_id: string;
  readonly cause: string;
  readonly restock: boolean;
  readonly refund: boolean;
  readonly notify: boolean;
  readonly staff_note: string;
}

/** Before each look at the job. */
const LOOKS_AFTER_MS = [0, 500, 1000, 2000, 4000, 8000];

/**
 * Shopify takes the order to cancel, and does it in a job of its own:
 * https://shopify.dev/docs/api/admin-graphql/latest/mutations/orderCancel. It is waited for; one that takes longer is asked
 * about later.
 */
export async function cancelOrder(args: Cancel, ctx: ConnectorContext) {
  const { order_id, cause, restock, refund, notify, staff_note } = args;
  const { orderCancel } = await callAdmin(ctx, CANCEL, {
    orderId: gid('Order', order_id),
    reason: cause,
    restock,
    refundMethod: { originalPaymentMethodsRefund: refund },
    notifyCustomer: notify,
    staffNote: staff_note || null,
  });
  refuseOn(orderCancel.userErrors);
  const { job } = orderCancel;
  if (!job) throw new Unknown('Shopify names neither a job nor an error');
  for (const waitMs of LOOKS_AFTER_MS) {
    const state = await look(ctx, order_id, job.id, waitMs);
    if (state.order?.cancelledAt) return { order_id, ...state.order };
    if (state.job?.done) throw new Terminal(`Shopify's job is done and order ${order_id} is not cancelled`);
  }
  throw new Unknown(`Shopify is still at cancelling order ${order_id}`);
}

/** The order was taken: whatever keeps from looking says nothing about it. */
async function look(ctx: ConnectorContext, orderId: string, job: string, waitMs: number) {
  try {
    if (waitMs > 0) await setTimeout(waitMs, undefined, { signal: ctx.signal });
    return await callAdmin(ctx, READ_CANCEL_JOB, { job, id: gid('Order', orderId) });
  } catch (cause) {
    throw new Unknown(`Shopify took the order to cancel: ${(cause as Error).message}`, { cause });
  }
}

export async function wasCancelled(ctx: ConnectorContext, orderId: string) {
  const { order } = await callAdmin(ctx, READ_CANCELLATION, { id: gid('Order', orderId) });
  return order?.cancelledAt ? { applied: { order_id: orderId, ...order } } : ('not_applied' as const);
}
