import { exactly, inDecimals } from '../../remote/money.ts';
import type { CommerceOrder } from './order.ts';

export interface RefundTerms {
  readonly amount: number;
  readonly currency: string;
  readonly items: readonly { readonly order_item_id: number; readonly qty: number }[];
  readonly note: string;
  readonly notify: boolean;
}

/** The body of `POST /V1/order/:orderId/refund` and, with `isOnline`, of `POST /V1/invoice/:invoiceId/refund`. */
export interface RefundBody {
  readonly items: readonly { readonly order_item_id: number; readonly qty: number }[];
  readonly notify: boolean;
  readonly appendComment: boolean;
  readonly comment: { readonly comment: string; readonly is_visible_on_front: 0 };
  readonly arguments: {
    readonly shipping_amount: 0;
    readonly adjustment_positive: number;
    readonly adjustment_negative: number;
  };
}

/**
 * A credit memo whose total is the amount and nothing else. Magento adds up rows, shipping and adjustments by itself, so that
 * what it adds must be known: no shipping; whole rows alone, whose worth stands in the order, for of a part of one it rounds;
 * and the rest as an adjustment, positive or negative. No items at all means all of them: without any, one is named with none
 * of it. https://developer.adobe.com/commerce/webapi/rest/modules/sales/ and CreditmemoFactory of module-sales.
 */
export function refundRequest(
  order: CommerceOrder,
  terms: RefundTerms,
  mark: string,
): RefundBody | { refused: string } {
  const amount = exactly(terms.amount) ?? 0n;
  if (order.base_currency_code !== terms.currency) {
    return { refused: `the order's base currency is ${order.base_currency_code}, not ${terms.currency}` };
  }
  const left = (exactly(order.base_total_paid ?? 0) ?? 0n) - (exactly(order.base_total_refunded ?? 0) ?? 0n);
  if (amount > left) return { refused: `${inDecimals(left)} ${terms.currency} are left to refund` };

  const worths = terms.items.map((item) => rowWorth(order, item));
  const refused = worths.find((worth) => typeof worth !== 'bigint');
  if (refused !== undefined) return { refused: String(refused) };
  const rows = worths.reduce<bigint>((sum, worth) => sum + BigInt(worth), 0n);

  const none = noneOf(order);
  if (terms.items.length === 0) {
    if (none === undefined) return { refused: 'the order has no items' };
    // "You can't create a creditmemo without products": QuantityValidator of module-sales.
    if (!hasShippingLeft(order)) return { refused: 'no shipping is left to refund: name the items that came back' };
  }
  const adjustment = amount - rows;
  return {
    items: terms.items.length > 0 || none === undefined ? terms.items : [{ order_item_id: none, qty: 0 }],
    notify: terms.notify,
    appendComment: false,
    comment: { comment: [terms.note, mark].filter(Boolean).join(' '), is_visible_on_front: 0 },
    arguments: {
      shipping_amount: 0,
      adjustment_positive: adjustment > 0n ? Number(inDecimals(adjustment)) : 0,
      adjustment_negative: adjustment < 0n ? Number(inDecimals(-adjustment)) : 0,
    },
  };
}

type Row = CommerceOrder['items'][number];

/** What a whole row is worth, or why that is not known. */
function rowWorth({ items }: CommerceOrder, { order_item_id, qty }: RefundTerms['items'][number]): bigint | string {
  const row = items.find(({ item_id }) => item_id === order_item_id);
  if (!row) return `the order has no item ${order_item_id}`;
  if (row.parent_item_id || !PLAIN.has(row.product_type ?? 'simple') || items.some(isPartOf(row))) {
    return `item ${order_item_id} is made of others: what of it is refunded is not known before`;
  }
  if (row.qty_refunded || qty !== row.qty_invoiced) {
    return `of item ${order_item_id} ${row.qty_invoiced ?? 0} were invoiced and ${row.qty_refunded ?? 0} refunded: whole rows alone are refunded`;
  }
  if (row.base_weee_tax_applied_row_amnt)
    return `item ${order_item_id} carries a fixed product tax, which is counted apart`;
  const sums = [row.base_row_invoiced, row.base_tax_invoiced, row.base_discount_tax_compensation_invoiced];
  const gross = sums.reduce<bigint>((sum, one) => sum + (exactly(one ?? 0) ?? 0n), 0n);
  return gross - (exactly(row.base_discount_invoiced ?? 0) ?? 0n);
}

const PLAIN: ReadonlySet<string> = new Set(['simple', 'virtual', 'downloadable']);

const isPartOf =
  ({ item_id }: Row) =>
  (one: Row): boolean =>
    one.parent_item_id === item_id;

const noneOf = ({ items }: CommerceOrder): number | undefined => items.find((row) => !row.parent_item_id)?.item_id;

const hasShippingLeft = ({ shipping_amount, shipping_refunded }: CommerceOrder): boolean =>
  (exactly(shipping_amount ?? 0) ?? 0n) !== (exactly(shipping_refunded ?? 0) ?? 0n);
