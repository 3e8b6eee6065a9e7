import type { App } from '@holdpoint/shared/runtime/http';
import type { IngestContext } from '../context.ts';
import { deliveryRoute, deliveryScope } from './deliveries.ts';
import { enterDelivery } from './delivery-door.ts';

/** `POST /hooks/:tenant/:source`: where providers deliver. */
export function hookRoutes(app: App, context: IngestContext): void {
  app.register(
    async (scope) => {
      deliveryScope(scope, context);
      deliveryRoute<{ tenant: string; source: string }>(scope, context, {
        url: '/:tenant/:source',
        summary: 'A webhook of a provider, signed as the provider signs',
        find: ({ tenant, source }) => context.sources.find(tenant, source),
      });
      // A name too long for the router, or too many of them, is no source either.
      scope.setNotFoundHandler((request, reply) => enterDelivery(context, undefined, request, reply));
    },
    { prefix: '/hooks' },
  );
}
