import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal, Unknown } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { actionMark } from '../remote/action-mark.ts';
import type { RemoteAnswer } from '../remote/call-remote.ts';
import { exactly } from '../remote/money.ts';
import { callCommerce, searchBy } from './commerce-api.ts';
import { commerceOrder } from './core/order.ts';
import { type RefundTerms, refundRequest } from './core/refund-request.ts';

interface Refund extends RefundTerms {
  readonly order_id: string;
  readonly online: boolean;
  readonly invoice_id?: number | undefined;
}

/** Of one order; more than this are not looked through. */
const MEMOS_MAX = 50;

/**
 * Writes a credit memo. By the order it is offline; only against an invoice it goes through the payment's gateway:
 * https://developer.adobe.com/commerce/webapi/rest/quick-reference/, `order/{orderId}/refund` and `invoice/{invoiceId}/refund`.
 */
export async function refundOrder(refund: Refund, ctx: ConnectorContext) {
  const { order_id, amount, currency, online } = refund;
  const order = await callCommerce(ctx, { method: 'GET', path: `orders/${order_id}`, data: commerceOrder });
  const request = refundRequest(order, refund, actionMark(ctx));
  if ('refused' in request) throw new Terminal(`order ${order_id}: ${request.refused}`);
  const creditmemo_id = await callCommerce(ctx, {
    method: 'POST',
    path: online ? `invoice/${await invoiceOf(refund, ctx)}/refund` : `order/${order_id}/refund`,
    body: online ? { ...request, isOnline: true } : request,
    data: z.coerce.number().int().positive(),
    ...(online && { judge: judgeOnline }),
  });
  return { order_id, creditmemo_id, amount, currency };
}

/**
 * The gateway pays before the memo is saved. Where saving fails the money may be gone, and Magento answers 400 with these
 * words, as if it had refused: RefundInvoice of module-sales.
 */
function judgeOnline({ status }: RemoteAnswer, words: string): Error | undefined {
  return status === 400 && /could not save a credit ?memo/i.test(words) ? new Unknown(words) : undefined;
}

const invoices = z.object({
  items: z.array(
    z.object({
      entity_id: z.int(),
      state: z.int(),
      base_grand_total: z.number(),
      base_total_refunded: z.number().nullish(),
    }),
  ),
});
const PAID = 2;

async function invoiceOf({ order_id, invoice_id, amount }: Refund, ctx: ConnectorContext): Promise<number> {
  const query = searchBy('order_id', order_id, MEMOS_MAX);
  const { items } = await callCommerce(ctx, { method: 'GET', path: 'invoices', query, data: invoices });
  const paid = items.filter(({ entity_id, state }) => state === PAID && (invoice_id ?? entity_id) === entity_id);
  const [invoice, another] = paid;
  if (!invoice) throw new Terminal(`order ${order_id} has no such paid invoice`);
  if (another) throw new Terminal(`order ${order_id} has several paid invoices: name one`);
  const left = (exactly(invoice.base_grand_total) ?? 0n) - (exactly(invoice.base_total_refunded ?? 0) ?? 0n);
  if ((exactly(amount) ?? 0n) > left) throw new Terminal(`invoice ${invoice.entity_id} has less than ${amount} left`);
  return invoice.entity_id;
}

const memos = z.object({
  items: z.array(z.object({ entity_id: z.int(), base_grand_total: z.number() })),
  total_count: z.int(),
});
const comments = z.object({ items: z.array(z.object({ comment: z.string().nullish() })) });

/**
 * Looks through the order's credit memos for the action's mark. One that went through a gateway and left no memo may have been
 * paid all the same.
 */
export async function wasRefunded({ order_id, amount, currency, online }: Refund, ctx: ConnectorContext) {
  const mark = actionMark(ctx);
  const query = searchBy('order_id', order_id, MEMOS_MAX);
  const { items, total_count } = await callCommerce(ctx, { method: 'GET', path: 'creditmemos', query, data: memos });
  for (const { entity_id } of items) {
    const said = await callCommerce(ctx, { method: 'GET', path: `creditmemo/${entity_id}/comments`, data: comments });
    if (said.items.some(({ comment }) => comment?.includes(mark))) {
      return { applied: { order_id, creditmemo_id: entity_id, amount, currency } };
    }
  }
  return online || total_count > items.length ? ('unknown' as const) : ('not_applied' as const);
}
