import type { App } from '@holdpoint/shared/runtime/http';
import type { IngestContext } from '../context.ts';
import { deliveryRoute, deliveryScope } from './deliveries.ts';

/**
 * `POST /agents/:agent/subscriptions/:id`: the house scheme. It leads to the source of provider `fabric` whose definition
 * names this `agent` and `subscription`; the tenant is that source's.
 */
export function subscriptionRoutes(app: App, context: IngestContext): void {
  app.register(async (scope) => {
    deliveryScope(scope, context);
    deliveryRoute<{ agent: string; id: string }>(scope, context, {
      url: '/agents/:agent/subscriptions/:id',
      summary: "An event for an agent's subscription, signed with X-Fabric-Signature",
      find: ({ agent, id }) => context.sources.findSubscription(agent, id),
    });
  });
}
