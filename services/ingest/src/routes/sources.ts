import type { App } from '@holdpoint/shared/runtime/http';
import { authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import type { Source } from '../source-registry.ts';

const sourceSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  provider: z.string(),
  path: z.string(),
  subscription_path: z.string().nullable(),
  secrets: z.number().describe('How many are active; never the secrets'),
  dedupe: z.enum(['id', 'id+body', 'type+body']).nullable().describe("null: as the provider's scheme allows"),
  tolerance_seconds: z.number().nullable(),
  body_max_bytes: z.number(),
});

export function sourceRoutes(app: App, { authenticator, sources }: IngestContext): void {
  app.get(
    '/v1/sources',
    {
      onRequest: authenticated({ authenticator, scope: 'admin' }),
      schema: {
        tags: ['sources'],
        summary: "The tenant's webhook endpoints",
        response: { 200: z.object({ items: z.array(sourceSchema) }) },
      },
    },
    async (request) => ({ items: sources.ofTenant(request.principal.tenant).map(show) }),
  );
}

function show(source: Source): z.infer<typeof sourceSchema> {
  const { subscription } = source;
  return {
    id: source.id,
    tenant: source.tenant,
    provider: source.provider,
    path: `/hooks/${source.tenant}/${source.id}`,
    subscription_path: subscription ? `/agents/${subscription.agent}/subscriptions/${subscription.id}` : null,
    secrets: source.secrets.length,
    dedupe: source.dedupe ?? null,
    tolerance_seconds: source.toleranceSeconds ?? null,
    body_max_bytes: source.bodyMaxBytes,
  };
}
