import type { AcceptedEvent, AfterHookContext } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { keptCharge, keptSubscription } from './kept.ts';
import type { stripe } from './tools.ts';

/** Of Stripe's events with their objects in them; thin events have none. https://docs.stripe.com/api/events/object */
interface StripeEvent {
  readonly created?: number;
  readonly data?: { readonly object?: { readonly object?: string } };
}

type KeepContext = AfterHookContext<EntityDbOf<{ stripe: typeof stripe }>>;

/**
 * A hook for `tenants/<tenant>/hooks.ts` that keeps the charges and subscriptions of which the tenant's source of Stripe's
 * events tells. Events come in no promised order; one that is older than what is known changes nothing.
 *
 * @example
 * export default defineHooks({ webhooks: [keepStripe({ source: 'stripe' })] });
 */
export function keepStripe({ source }: { readonly source: string }) {
  return {
    id: `keep-${source}`,
    source,
    types: ['charge.*', 'customer.subscription.*'],
    async after({ data }: AcceptedEvent, { db }: KeepContext): Promise<void> {
      const { created, data: told } = (data ?? {}) as StripeEvent;
      const object = told?.object;
      if (created === undefined || !object) return;
      if (object.object === 'charge') await db.stripe.charges.upsert(keptCharge(object, created));
      if (object.object === 'subscription') await db.stripe.subscriptions.upsert(keptSubscription(object, created));
    },
  };
}
