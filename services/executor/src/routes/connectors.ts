import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { HEAD_WHYS, headWhy } from '../core/waiting-head.ts';
import { findOldestHeads, type HeadsOfConnector } from '../store/find-oldest-heads.ts';
import { tenantOf } from './tenant-of.ts';

const whySchema = z.enum(HEAD_WHYS);
const connectorSchema = z.object({
  connector: z.string(),
  circuit: z.enum(['closed', 'open', 'half_open']),
  open_until: z.string().optional(),
  rate: z.object({ per_second: z.number(), burst: z.number() }).optional(),
  /** It rests until then: it asked for time on the tenant's account, or its rate is used up. */
  resting_until: z.string().optional(),
  paused: z.boolean(),
  waiting: z.number(),
  active: z.number(),
  oldest_head: z.object({ action_id: z.string(), age_seconds: z.number(), why: whySchema }).optional(),
  heads: z.partialRecord(whySchema, z.number()),
});

/** How each connector stands, and where lanes are stuck. */
export function connectorRoutes(app: App, context: Context): void {
  const { authenticator, connectors, db } = context;
  app.get(
    '/v1/connectors',
    {
      onRequest: authenticated({ authenticator, scope: 'read' }),
      schema: {
        tags: ['connectors'],
        summary: 'Connectors: circuit, rate, doorbells; heads of the tenant’s lanes and why they wait',
        response: { 200: z.object({ items: z.array(connectorSchema) }) },
      },
    },
    async ({ principal }) => {
      const tenant = tenantOf(principal);
      const heads = await findOldestHeads(db, tenant);
      const byConnector = Map.groupBy(heads, ({ connector }) => connector);
      const items = connectors.names.map((name) => showConnector(context, name, byConnector.get(name) ?? [], tenant));
      return { items: await Promise.all(items) };
    },
  );
}

async function showConnector(
  { bell, gates }: Context,
  connector: string,
  heads: readonly HeadsOfConnector[],
  tenant: string | undefined,
): Promise<z.infer<typeof connectorSchema>> {
  const counts = await bell.counts(connector).catch((cause: unknown) => {
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the queues could not be read', {}, { cause });
  });
  const view = gates.view(connector, tenant);
  const why = (head: HeadsOfConnector) => headWhy(head.why, gates.waitsFor(connector, tenant));
  const oldest = heads.toSorted((a, b) => b.oldest_seconds - a.oldest_seconds).at(0);
  return {
    connector,
    circuit: view?.circuit ?? 'closed',
    ...(view?.openUntil && { open_until: view.openUntil.toISOString() }),
    ...(view?.rate && { rate: { per_second: view.rate.perSecond, burst: view.rate.burst } }),
    ...(view?.heldUntil && { resting_until: view.heldUntil.toISOString() }),
    paused: view?.paused ?? false,
    ...counts,
    ...(oldest && {
      oldest_head: { action_id: oldest.action_id, age_seconds: oldest.oldest_seconds, why: why(oldest) },
    }),
    heads: Object.fromEntries(heads.map((head) => [why(head), head.lanes])),
  };
}
