import { z } from 'zod';
import type { ShopifyOrder } from '../tools.ts';
import { numberOf } from './gid.ts';

/** An order as the GraphQL Admin API gives it. */
export interface AdminOrder {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly test: boolean;
  readonly cancelledAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly displayFinancialStatus: string | null;
  readonly displayFulfillmentStatus: string;
  readonly currentTotalPriceSet: { readonly shopMoney: { readonly amount: string; readonly currencyCode: string } };
  readonly customer: { readonly id: string } | null;
}

export function orderFromAdmin(order: AdminOrder): ShopifyOrder {
  const { shopMoney } = order.currentTotalPriceSet;
  return {
    id: numberOf(order.id) ?? order.id,
    name: order.name,
    customerId: order.customer ? (numberOf(order.customer.id) ?? null) : null,
    financialStatus: order.displayFinancialStatus?.toLowerCase() ?? null,
    fulfillmentStatus: order.displayFulfillmentStatus.toLowerCase(),
    totalPrice: Number(shopMoney.amount),
    currency: shopMoney.currencyCode,
    tags: [...order.tags],
    test: order.test,
    cancelledAt: order.cancelledAt && utc(order.cancelledAt),
    createdAt: utc(order.createdAt),
    updatedAt: utc(order.updatedAt),
  };
}

const time = z.iso.datetime({ offset: true });

/**
 * What is read of the payload of `orders/…` webhooks, which have the shape of the REST Admin API whatever the app calls:
 * https://shopify.dev/docs/api/admin-rest/latest/resources/order
 */
const webhookOrder = z.object({
  admin_graphql_api_id: z.string(),
  name: z.string(),
  /** By itself a number that may lie beyond 2^53. */
  customer: z.object({ admin_graphql_api_id: z.string().optional() }).nullish(),
  financial_status: z.string().nullish(),
  fulfillment_status: z.string().nullish(),
  current_total_price: z.string().regex(/^-?\d{1,15}(\.\d{1,6})?$/),
  currency: z.string(),
  tags: z.string().nullish(),
  test: z.boolean().nullish(),
  cancelled_at: time.nullish(),
  created_at: time,
  updated_at: time,
});

/** Undefined where the payload is no order. */
export function orderFromWebhook(payload: unknown): ShopifyOrder | undefined {
  const read = webhookOrder.safeParse(payload);
  if (!read.success) return undefined;
  const order = read.data;
  const id = numberOf(order.admin_graphql_api_id);
  if (id === undefined) return undefined;
  return {
    id,
    name: order.name,
    customerId: (order.customer?.admin_graphql_api_id && numberOf(order.customer.admin_graphql_api_id)) || null,
    financialStatus: order.financial_status ?? null,
    fulfillmentStatus: fulfillmentOf(order.fulfillment_status),
    totalPrice: Number(order.current_total_price),
    currency: order.currency,
    tags: (order.tags ?? '').split(',').flatMap((tag) => tag.trim() || []),
    test: order.test ?? false,
    cancelledAt: order.cancelled_at ? utc(order.cancelled_at) : null,
    createdAt: utc(order.created_at),
    updatedAt: utc(order.updated_at),
  };
}

/** The same states, by the names that the GraphQL Admin API has for them. */
function fulfillmentOf(status: string | null | undefined): string {
  if (!status) return 'unfulfilled';
  return status === 'partial' ? 'partially_fulfilled' : status;
}

const utc = (at: string): string => new Date(at).toISOString();
