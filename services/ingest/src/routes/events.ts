import { Readable } from 'node:stream';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { eventIdSchema, eventSchema } from '@holdpoint/shared/domain/event';
import { nameSchema } from '@holdpoint/shared/domain/names';
import type { App } from '@holdpoint/shared/runtime/http';
import { authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import { replayEvent } from '../replay-event.ts';

const paramsSchema = z.object({ id: eventIdSchema });
const listQuerySchema = z.object({
  source: nameSchema.optional(),
  type: z.string().min(1).max(4096).optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('By the time of acceptance'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/, 'must be the next_cursor of an answer')
    .transform(Number)
    .optional(),
});

/** Events straight from the stream: of the asker's tenant only, since its name stands in every subject that is read. */
export function eventRoutes(app: App, context: IngestContext): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: 'admin' });
  const tags = ['events'];

  app.get(
    '/v1/events',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Accepted events, newest first',
        querystring: listQuerySchema,
        response: { 200: z.object({ items: z.array(eventSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ principal, query }) => {
      const { items, next } = await context.log.list({
        tenant: principal.tenant,
        source: query.source,
        type: query.type,
        since: query.since === undefined ? undefined : Date.parse(query.since),
        limit: query.limit,
        before: query.cursor,
      });
      return { items: [...items], ...(next !== undefined && { next_cursor: String(next) }) };
    },
  );

  app.get(
    '/v1/events/:id',
    {
      onRequest,
      schema: {
        tags,
        summary: 'One event; with ?raw its bytes as they came',
        params: paramsSchema,
        querystring: z.object({ raw: z.string().optional() }),
      },
    },
    async ({ principal, params, query }, reply) => {
      const stored = await context.log.get(principal.tenant, params.id);
      if (!stored) throw new HoldpointError('NOT_FOUND', 'no such event');
      if (query.raw === undefined || query.raw === 'false') return stored.event;
      // Somebody else's bytes: nothing may take them for a page of ours.
      reply.header('x-content-type-options', 'nosniff').header('content-disposition', 'attachment');
      reply.type('application/octet-stream');
      const { body } = stored;
      if (!('digest' in body)) return reply.send(Buffer.from(body));
      const pieces = await context.bodies.open(principal.tenant, body.digest);
      if (!pieces) throw new HoldpointError('NOT_FOUND', "the event's body is not stored any more");
      // With its length told, a body that breaks off is seen to.
      return reply.header('content-length', body.size).send(Readable.from(pieces));
    },
  );

  app.post(
    '/v1/events/:id/replay',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Publish an event again; operators repeat nothing unless it is fresh',
        params: paramsSchema,
        body: z.strictObject({ fresh: z.boolean().optional() }).nullish(),
        response: { 200: eventSchema },
      },
    },
    async ({ principal, params, body, trace }) =>
      replayEvent(context, {
        tenant: principal.tenant,
        id: params.id,
        fresh: body?.fresh ?? false,
        actor: principal.principal,
        trace,
      }),
  );
}
