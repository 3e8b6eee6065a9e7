import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { nameSchema } from '@holdpoint/shared/domain/names';
import type { App } from '@holdpoint/shared/runtime/http';
import { authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import { type SourceState, sourceState } from '../core/source-state.ts';
import type { Source } from '../source-registry.ts';
import { readSourceResults } from '../store/read-source-results.ts';

const healthSchema = z.object({
  status: z.enum(['unused', 'ok', 'failing']).describe('failing: the last delivery failed'),
  counts: z.record(z.string(), z.number()).describe('Deliveries by result, of all instances, since the first'),
  last_delivery: z.object({ at: z.string(), event_id: z.string().nullable() }).nullable(),
  last_failure: z
    .object({ at: z.string(), result: z.string(), reason: z.string().nullable(), help: z.string() })
    .nullable(),
});

const seenSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  provider: z.string(),
  health: healthSchema.nullable().describe('About a second old; null: not known while Postgres is away'),
});

/** How it is set up is for admins: who knows how a door is kept knows how to try it. People see how it does. */
const sourceSchema = seenSchema.extend({
  path: z.string(),
  subscription_path: z.string().nullable(),
  secrets: z.number().describe('How many are active; never the secrets'),
  dedupe: z.enum(['id', 'id+body', 'type+body']).nullable().describe("null: as the provider's scheme allows"),
  tolerance_seconds: z.number().nullable(),
  body_max_bytes: z.number(),
  rate_limit: z.object({ per_second: z.number(), burst: z.number() }).nullable(),
});

const quotaSchema = z.object({ used_bytes: z.number(), max_bytes: z.number() });

export function sourceRoutes(app: App, context: IngestContext): void {
  const { authenticator, sources, quotas } = context;
  app.get(
    '/v1/sources',
    {
      onRequest: authenticated({ authenticator, scope: ['admin', 'person'] }),
      schema: {
        tags: ['sources'],
        summary:
          "The tenant's webhook endpoints, and how their deliveries go; to an admin also as its file declares them",
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: nameSchema.optional(),
        }),
        response: {
          200: z.object({
            items: z.array(z.union([sourceSchema, seenSchema])),
            quota: quotaSchema.describe("Of the event store, for all of the tenant's sources"),
            next_cursor: z.string().optional(),
          }),
        },
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
      const { tenant, scopes } = principal;
      const shown = scopes.has('admin') || scopes.has('platform') ? show : showHealth;
      const healthOf = await healthOfSources(context, tenant, items);
      return {
        items: items.map((source) => shown(source, healthOf(source.id))),
        quota: { used_bytes: quotas.usedBytes(tenant), max_bytes: quotas.maxBytes(tenant) },
        ...(last && last !== all.at(-1) && { next_cursor: last.id }),
      };
    },
  );
}

async function healthOfSources({ db, logger }: IngestContext, tenant: string, items: readonly Source[]) {
  try {
    const ids = items.map(({ id }) => id);
    const rows = await readSourceResults(db, tenant, ids);
    return (id: string): SourceState | null =>
      sourceState(
        rows
          .filter(({ source }) => source === id)
          .map(({ last_at: at, event: eventId, ...seen }) => ({ ...seen, at, eventId })),
      );
  } catch (err) {
    logger.warn({ err, tenant }, 'what is known of sources could not be read');
    return () => null;
  }
}

function showHealth({ id, tenant, provider }: Source, health: SourceState | null): z.infer<typeof seenSchema> {
  return { id, tenant, provider, health: health && { ...health, counts: { ...health.counts } } };
}

function show(source: Source, health: SourceState | null): z.infer<typeof sourceSchema> {
  const { subscription, rateLimit } = source;
  return {
    ...showHealth(source, health),
    path: `/hooks/${source.tenant}/${source.id}`,
    subscription_path: subscription ? `/agents/${subscription.agent}/subscriptions/${subscription.id}` : null,
    secrets: source.secrets.length,
    dedupe: source.dedupe ?? null,
    tolerance_seconds: source.toleranceSeconds ?? null,
    body_max_bytes: source.bodyMaxBytes,
    rate_limit: rateLimit ? { per_second: rateLimit.perSecond, burst: rateLimit.burst } : null,
  };
}
