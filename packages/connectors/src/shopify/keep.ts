import type { AcceptedEvent, AfterHookContext } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { orderFromWebhook } from './core/order-entity.ts';
import type { shopify } from './tools.ts';

type KeepContext = AfterHookContext<EntityDbOf<{ shopify: typeof shopify }>>;

/** Those whose payload is the order: https://shopify.dev/docs/api/webhooks/latest */
const TOPICS = ['create', 'updated', 'paid', 'fulfilled', 'partially_fulfilled', 'cancelled'].map(
  (topic) => `orders/${topic}`,
);
const DELETED = 'orders/delete';

/**
 * A hook for `tenants/<tenant>/hooks.ts` that keeps the orders of which the tenant's source of Shopify's webhooks tells. They
 * come late, twice and in any order; what is older than what is known changes nothing.
 *
 * A deleted order's webhook gives its number alone; one beyond 2^53 has lost its end there, and that order is kept until it is
 * not heard of any more.
 *
 * @example
 * export default defineHooks({ webhooks: [keepShopify({ source: 'shopify' })] });
 */
export function keepShopify({ source }: { readonly source: string }) {
  return {
    id: `keep-${source}`,
    source,
    types: [...TOPICS, DELETED],
    async after({ type, data }: AcceptedEvent, { db }: KeepContext): Promise<void> {
      if (type === DELETED) {
        const { id } = (data ?? {}) as { id?: unknown };
        if (Number.isSafeInteger(id)) await db.shopify.orders.delete({ where: { id: String(id) } });
        return;
      }
      const order = orderFromWebhook(data);
      if (order) await db.shopify.orders.upsert(order);
    },
  };
}
