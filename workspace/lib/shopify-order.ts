/** What is read of a Shopify order, as its `orders/…` webhooks carry it. */
export interface ShopifyOrder {
  readonly id: number;
  readonly admin_graphql_api_id?: string;
  readonly total_price: string;
  readonly currency?: string;
}

/** The order's id, exactly: as a JSON number it may be beyond 2^53, and its last digits are gone once it is parsed. */
export function orderIdOf(order: ShopifyOrder): string | undefined {
  const exact = order.admin_graphql_api_id?.split('/').at(-1);
  if (exact) return exact;
  return Number.isSafeInteger(order.id) ? String(order.id) : undefined;
}
