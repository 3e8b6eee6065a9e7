import { Readable } from 'node:stream';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { eventIdSchema, eventSchema } from '@holdpoint/shared/domain/event';
import { nameSchema } from '@holdpoint/shared/domain/names';
import type { App } from '@holdpoint/shared/runtime/http';
import { authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { IngestContext } from '../context.ts';
import { replayEvent } from '../replay-event.ts';
import { replayRange } from '../replay-range.ts';

/** Of one call: each is read and published anew, one after the other. */
const RANGE_MAX_EVENTS = 200;

const timeSchema = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const typeSchema = z.string().min(1).max(4096);
const cursorSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'must be the next_cursor of an answer')
  .transform(Number);
const paramsSchema = z.object({ id: eventIdSchema });
const listQuerySchema = z.object({
  source: nameSchema.optional(),
  type: typeSchema.optional(),
  since: timeSchema.optional().describe('By the time of acceptance'),
  until: timeSchema.optional().describe('Left out itself'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: cursorSchema.optional(),
});

const rangeSchema = z.strictObject({
  source: nameSchema.optional(),
  type: typeSchema.optional(),
  since: timeSchema.describe('By the time of acceptance'),
  until: timeSchema.describe('Left out itself'),
  limit: z.number().int().min(1).max(RANGE_MAX_EVENTS).default(RANGE_MAX_EVENTS),
  cursor: cursorSchema.optional(),
  fresh: z.boolean().default(false).describe('Operators do their work again'),
  batch: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . : -')
    .optional()
    .describe('Within a batch an event is replayed once; unless told, the same range is the same batch'),
  dry_run: z.boolean().default(false).describe('Says what would be replayed'),
});
const rangeAnswerSchema = z.object({
  batch: z.string(),
  items: z.array(
    z.object({ replay_of: z.string(), id: z.string(), status: z.enum(['planned', 'replayed', 'already', 'gone']) }),
  ),
  next_cursor: z.string().optional(),
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
        since: query.since,
        until: query.until,
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
    async ({ principal, params, body, trace }) => {
      const { event } = await replayEvent(context, {
        tenant: principal.tenant,
        id: params.id,
        fresh: body?.fresh ?? false,
        nonce: context.newNonce(),
        actor: principal.principal,
        trace,
      });
      return event;
    },
  );

  app.post(
    '/v1/events/replay',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Publish again what was accepted in a range of time, oldest first; go on with next_cursor',
        body: rangeSchema,
        response: { 200: rangeAnswerSchema },
      },
    },
    async ({ principal, body, trace }) => {
      const { tenant, principal: actor } = principal;
      const { source, type, since, until, limit, cursor: from, fresh, batch, dry_run: dryRun } = body;
      const range = { tenant, source, type, since, until, limit, from, fresh, batch, dryRun, actor, trace };
      const { items, next, ...answer } = await replayRange(context, range);
      return { ...answer, items: [...items], ...(next !== undefined && { next_cursor: String(next) }) };
    },
  );
}
