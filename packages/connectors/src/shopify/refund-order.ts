import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal, Unknown } from '@holdpoint/sdk/errors';
import { actionMark } from '../remote/action-mark.ts';
import { exactly } from '../remote/money.ts';
import { callAdmin, refuseOn } from './admin-api.ts';
import { gid } from './core/gid.ts';
import { splitRefund } from './core/refund-split.ts';
import { PAYMENTS_MAX, READ_PAYMENTS, REFUND } from './operations.ts';

interface Refund {
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly note: string;
  readonly notify: boolean;
}

/**
 * Pays an amount back to where it came from. Shopify honours the idempotency key for a day and wants the same input with it
 * (https://shopify.dev/docs/api/usage/idempotent-requests); what an earlier attempt has paid changes the input, so that the
 * refunds are looked through first, for the action's mark in their notes.
 */
export async function refundOrder({ order_id, amount, currency, note, notify }: Refund, ctx: ConnectorContext) {
  const orderId = gid('Order', order_id);
  const { order } = await callAdmin(ctx, READ_PAYMENTS, { id: orderId });
  if (!order) throw new Terminal(`the shop has no order ${order_id}`);
  const mark = actionMark(ctx);
  const made = order.refunds.find((refund) => refund.note?.includes(mark));
  if (made) return answerOf(order_id, currency, made);

  if (order.refunds.length === PAYMENTS_MAX || order.transactions.length === PAYMENTS_MAX) {
    throw new Terminal(`order ${order_id} has too many payments to tell what is left of them`);
  }
  // Amounts are sent in the currency that the customer paid in; only where it is the shop's too is the value sure.
  for (const [whose, code] of Object.entries({ shop: order.currencyCode, customer: order.presentmentCurrencyCode })) {
    if (code !== currency) throw new Terminal(`the currency of the ${whose} is ${code}, not ${currency}`);
  }
  const { parts, missing } = splitRefund(amount, order.transactions);
  if (exactly(missing) !== 0n)
    throw new Terminal(`order ${order_id} has ${missing} ${currency} too little left to refund`);

  const input = {
    orderId,
    notify,
    note: [note, mark].filter(Boolean).join(' '),
    transactions: parts.map((part) => ({ ...part, kind: 'REFUND', orderId })),
  };
  const { refundCreate } = await callAdmin(ctx, REFUND, { input, key: ctx.idempotencyKey ?? ctx.actionId });
  refuseOn(refundCreate.userErrors);
  if (!refundCreate.refund) throw new Unknown('Shopify names neither a refund nor an error');
  return answerOf(order_id, currency, refundCreate.refund);
}

interface MadeRefund {
  readonly id: string;
  readonly totalRefundedSet: { readonly shopMoney: { readonly amount: string } };
}

const answerOf = (order_id: string, currency: string, { id, totalRefundedSet }: MadeRefund) => ({
  order_id,
  refund_id: id,
  refunded: totalRefundedSet.shopMoney.amount,
  currency,
});
