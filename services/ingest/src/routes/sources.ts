import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { nameSchema } from '@holdpoint/shared/domain/names';
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
        summary: "The tenant's webhook endpoints, as its file declares them",
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: nameSchema.optional(),
        }),
        response: { 200: z.object({ items: z.array(sourceSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ principal, query: { limit, cursor } }) => {
      const all = sources.ofTenant(principal.tenant);
      const known = all.findIndex(({ id }) => id === cursor);
      if (cursor !== undefined && known < 0) {
        throw new HoldpointError('INVALID_REQUEST', 'cursor: must be the next_cursor of an answer');
      }
      const items = all.slice(known + 1, known + 1 + limit);
      const last = items.at(-1);
      return { items: items.map(show), ...(last && last !== all.at(-1) && { next_cursor: last.id }) };
    },
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
