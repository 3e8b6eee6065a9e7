import { z } from 'zod';
import type { MagentoOrder } from '../tools.ts';

const amount = z.number().nullish();

/**
 * What is read of an order as `GET /V1/orders/:id` gives it: sales-data-order-interface of
 * https://developer.adobe.com/commerce/webapi/rest/quick-reference/. Money in `base_` fields is in the base currency.
 */
export const commerceOrder = z.object({
  entity_id: z.int(),
  increment_id: z.string(),
  status: z.string(),
  state: z.string(),
  grand_total: z.number(),
  base_grand_total: z.number(),
  base_currency_code: z.string(),
  customer_email: z.string().nullish(),
  updated_at: z.string(),
  base_total_paid: amount,
  base_total_refunded: amount,
  total_canceled: amount,
  shipping_amount: amount,
  shipping_refunded: amount,
  items: z.array(
    z.object({
      item_id: z.int(),
      parent_item_id: z.int().nullish(),
      product_type: z.string().nullish(),
      qty_invoiced: amount,
      qty_refunded: amount,
      base_row_invoiced: amount,
      base_tax_invoiced: amount,
      base_discount_invoiced: amount,
      base_discount_tax_compensation_invoiced: amount,
      base_weee_tax_applied_row_amnt: amount,
    }),
  ),
});
export type CommerceOrder = z.infer<typeof commerceOrder>;

export function orderEntity(order: CommerceOrder): MagentoOrder {
  const { increment_id, status, state, grand_total, base_grand_total, base_currency_code } = order;
  return {
    entity_id: String(order.entity_id),
    increment_id,
    status,
    state,
    grand_total,
    base_grand_total,
    base_currency_code,
    customer_email: order.customer_email ?? null,
    updated_at: utc(order.updated_at),
  };
}

/** Its times are UTC and do not say so: `2026-11-02 09:14:07`. */
const utc = (at: string): string => (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(at) ? `${at.replace(' ', 'T')}Z` : at);
