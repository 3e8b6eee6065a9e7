import { STATES } from '@holdpoint/shared/domain/lifecycle';
import { grantClassSchema, grantRequestSchema, standingGrantSchema } from '@holdpoint/shared/domain/standing-grant';
import { requirePerson } from '@holdpoint/shared/runtime/auth';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import type { PersonPrincipal, Principal } from '@holdpoint/shared/runtime/principal';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { isId } from '../decide.ts';
import { grantInAdvance, noGrant, previewGrant, revokeGrant } from '../grant.ts';
import { listStandingGrants, listUses, readStandingGrant } from '../store/read-standing-grants.ts';

/** Of one grant's uses; receipts tell them all. */
const USES_SHOWN_MAX = 200;

const params = z.object({ id: z.string() });
const listQuerySchema = z.strictObject({
  /** `?active` alone says true. */
  active: z.enum(['', 'true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
});
const previewRequestSchema = grantClassSchema
  .partial({ operator: true, connector: true, tool: true })
  .extend({ approval_id: z.uuid().optional() })
  // The same form asks for both: what a preview does not look at is let through.
  .extend({ until: z.unknown().optional(), uses: z.unknown().optional(), reason: z.unknown().optional() });
const previewSchema = z.object({
  looked_at: z.number().int(),
  matched: z.array(
    z.object({
      action_id: z.string(),
      at: z.string(),
      entity_key: z.string().nullable(),
      value: z.number().nullable(),
      args: z.unknown(),
    }),
  ),
  matched_count: z.number().int(),
  nearest: z.array(z.object({ action_id: z.string(), at: z.string(), why: z.array(z.string()) })),
});
const usedGrantSchema = standingGrantSchema.extend({
  used_by: z.array(
    z.object({
      action_id: z.string(),
      approval_id: z.string(),
      at: z.string(),
      entity_key: z.string().nullable(),
      value: z.number().nullable(),
      state: z.enum(STATES),
    }),
  ),
});

/** What people consent to before they are asked. */
export function addStandingGrantRoutes(app: App, context: Context): void {
  const { authenticator, db } = context;
  const tags = ['standing grants'];
  const onRequest = authenticated({ authenticator, scope: 'person' });
  const reading = authenticated({ authenticator, scope: 'read' });

  app.post(
    '/v1/standing-grants',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Consents to actions of a class in advance',
        body: grantRequestSchema,
        response: { 201: standingGrantSchema },
      },
    },
    async ({ principal, body }, reply) =>
      reply.code(201).send(await grantInAdvance(context, personOf(principal), body)),
  );

  app.post(
    '/v1/standing-grants/preview',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Which of the last actions that were held it would have let through, and what it nearly would have',
        body: previewRequestSchema,
        response: { 200: previewSchema },
      },
    },
    async ({ principal, body: { until: _until, uses: _uses, reason: _reason, ...body } }) =>
      previewGrant(context, personOf(principal), body),
  );

  app.get(
    '/v1/standing-grants',
    {
      onRequest: reading,
      schema: {
        tags,
        summary: 'Standing grants, newest first; with `?active` only those that may still be spent',
        querystring: listQuerySchema,
        response: { 200: z.object({ items: z.array(standingGrantSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ principal: { tenant }, query: { active, limit, cursor } }) => {
      const only = active === undefined ? undefined : active !== 'false';
      const found = await listStandingGrants(db, { tenant, active: only, before: cursor, limit });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(found.length > limit && last && { next_cursor: last.id }) };
    },
  );

  app.get(
    '/v1/standing-grants/:id',
    {
      onRequest: reading,
      schema: {
        tags,
        summary: 'One standing grant, and the last actions that it let through',
        params,
        response: { 200: usedGrantSchema },
      },
    },
    async ({ principal: { tenant }, params: { id } }) => {
      const grant = isId(id) ? await readStandingGrant(db, tenant, id) : undefined;
      if (!grant) throw noGrant();
      return { ...grant, used_by: await listUses(db, id, USES_SHOWN_MAX) };
    },
  );

  app.delete(
    '/v1/standing-grants/:id',
    {
      onRequest,
      schema: { tags, summary: 'Revokes a standing grant', params, response: { 200: standingGrantSchema } },
    },
    async ({ principal, params: { id } }) => revokeGrant(context, personOf(principal), id),
  );
}

function personOf(principal: Principal): PersonPrincipal {
  requirePerson(principal);
  return principal;
}
