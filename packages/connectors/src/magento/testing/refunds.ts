import type { StandInResponse } from '@holdpoint/conformance/http-stand-in';
import { z } from 'zod';
import { exactly } from '../../remote/money.ts';
import { type CommerceWorld, refundedOf, type WorldOrder, type WorldRow } from './commerce-world.ts';

const money = z.number().nonnegative();

/** As sales-data-creditmemo-* of Adobe's OpenAPI description of 2.4.9 have them; other fields are refused. */
const refundBody = z.strictObject({
  items: z.array(z.strictObject({ order_item_id: z.int(), qty: z.number() })).default([]),
  notify: z.boolean().optional(),
  appendComment: z.boolean().optional(),
  isOnline: z.boolean().optional(),
  comment: z.strictObject({ comment: z.string(), is_visible_on_front: z.int() }).optional(),
  arguments: z
    .strictObject({
      shipping_amount: money.optional(),
      adjustment_positive: money.optional(),
      adjustment_negative: money.optional(),
    })
    .default({}),
});
type RefundBody = z.infer<typeof refundBody>;

export const refusal = (message: string, parameters?: unknown, status = 400): StandInResponse => ({
  status,
  body: { message, ...(parameters !== undefined && { parameters }) },
});

/** What CreditmemoFactory adds up, and QuantityValidator and TotalsValidator refuse, in module-sales of Magento 2.4. */
export function refund(world: CommerceWorld, order: WorldOrder, text: string): StandInResponse {
  const read = refundBody.safeParse(JSON.parse(text));
  if (!read.success) return refusal('%fieldName is invalid', { fieldName: 'items' });
  const body = read.data;
  const rows = chosen(order, body);
  if (rows.some(({ row, qty }) => qty > row.qty - row.qtyRefunded)) {
    return invalid('The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU "x".');
  }
  const { shipping_amount, adjustment_positive = 0, adjustment_negative = 0 } = body.arguments;
  const shippingLeft = amountOf(order.shipping) - amountOf(order.shippingRefunded);
  const shipping = shipping_amount === undefined ? shippingLeft : amountOf(shipping_amount);
  const worth = rows.reduce((sum, one) => sum + worthOf(one.row, one.qty), 0n);
  const total = worth + shipping + amountOf(adjustment_positive) - amountOf(adjustment_negative);
  if (total <= 0n) return invalid("The credit memo's total must be positive.");
  if (rows.every(({ qty }) => qty === 0) && shippingLeft === 0n) {
    return invalid("You can't create a creditmemo without products.");
  }
  const left = amountOf(order.totalPaid) - refundedOf(order);
  if (total > left) return refusal('The most money available to refund is %1.', [String(Number(left) / 10_000)]);
  return save(world, order, body, rows, total);
}

interface Chosen {
  readonly row: WorldRow;
  readonly qty: number;
}

/** No items at all means all that is left. */
function chosen({ rows }: WorldOrder, { items }: RefundBody): Chosen[] {
  const plain = rows.filter(({ parent_item_id }) => parent_item_id === undefined);
  if (items.length === 0) return plain.map((row) => ({ row, qty: row.qty - row.qtyRefunded }));
  return plain.map((row) => ({ row, qty: items.find((one) => one.order_item_id === row.item_id)?.qty ?? 0 }));
}

function save(
  world: CommerceWorld,
  order: WorldOrder,
  body: RefundBody,
  rows: Chosen[],
  total: bigint,
): StandInResponse {
  if (body.isOnline) world.paidOut.push(total);
  if (world.failsToSave) return refusal('Could not save a Creditmemo, see error log for details');
  for (const { row, qty } of rows) row.qtyRefunded += qty;
  const entity_id = world.nextId();
  const online = body.isOnline ?? false;
  order.memos.push({ entity_id, order_id: order.entity_id, total, comment: body.comment?.comment ?? '', online });
  return { status: 200, body: entity_id };
}

/** A part of a row is rounded to the cent. */
function worthOf({ row, tax, discount, qty: whole }: WorldRow, qty: number): bigint {
  const part = (amount: string) => {
    const exact = (amountOf(amount) * BigInt(qty)) / BigInt(whole);
    return qty === whole ? amountOf(amount) : ((exact + 50n) / 100n) * 100n;
  };
  return part(row) + part(tax) - part(discount);
}

const invalid = (reason: string) => refusal(`Creditmemo Document Validation Error(s):\n${reason}`);
const amountOf = (amount: string | number): bigint => exactly(amount) ?? 0n;
