import type { FreezeRow } from '@holdpoint/shared/db/schema/freezes';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { type Freeze, freezeSchema } from '@holdpoint/shared/domain/freeze';
import { nameSchema, toolNameSchema } from '@holdpoint/shared/domain/names';
import { saidSchema } from '@holdpoint/shared/domain/plain-text';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { newId } from '@holdpoint/shared/runtime/ids';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Sweep } from '../jobs/sweep.ts';
import { addFreeze, liftFreezes, listFreezes } from '../store/freezes.ts';
import { idParams, knownId } from './id-params.ts';
import { REASON_MAX_CHARS } from './interventions.ts';
import { page, pageQuery } from './paging.ts';
import { tenantOf } from './tenant-of.ts';

const NO_FREEZE = 'no such freeze stands';

const scopeSchema = z.strictObject({
  operator: nameSchema.optional(),
  connector: nameSchema.optional(),
  tool: toolNameSchema.optional(),
});
/** Nobody looks for words before they press a red button. */
const freezeBody = scopeSchema.extend({ reason: saidSchema(REASON_MAX_CHARS).default('no reason given') });

/** The big red button: no claim under a freeze; what is in flight ends. Lifted, what waited is scored again first. */
export function freezeRoutes(app: App, { authenticator, db, logger }: Context, sweep: Sweep): void {
  const onRequest = authenticated({ authenticator, scope: ['person', 'admin'] });
  const tags = ['freezes'];

  app.post(
    '/v1/freezes',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Stop claims at once: all of the tenant’s, or of an operator, connector, tool',
        body: freezeBody,
        response: { 201: freezeSchema },
      },
    },
    async ({ body, principal }, reply) => {
      const { operator = null, connector = null, tool = null, reason } = body;
      const scope = { tenant: principal.tenant, operator, connector, tool };
      const row = await addFreeze(db, { id: newId(), ...scope, reason, frozen_by: principal.principal }, newId());
      logger.warn({ freeze: row.id, ...scope }, 'frozen');
      return reply.code(201).send(toFreeze(row));
    },
  );

  app.get(
    '/v1/freezes',
    {
      onRequest: authenticated({ authenticator, scope: ['person', 'read'] }),
      schema: {
        tags,
        summary: 'Freezes that stand, newest first; with `?lifted=true` also those that were lifted',
        querystring: z.strictObject({ lifted: z.enum(['true', 'false']).default('false'), ...pageQuery }),
        response: { 200: z.object({ items: z.array(freezeSchema), next_cursor: z.string().optional() }) },
      },
    },
    async ({ query, principal }) => {
      const { limit, cursor: before } = query;
      const rows = await listFreezes(db, {
        tenant: principal.tenant,
        lifted: query.lifted === 'true',
        before,
        limit,
      });
      return page(rows, limit, toFreeze);
    },
  );

  app.delete(
    '/v1/freezes/:id',
    { onRequest, schema: { tags, summary: 'Lift a freeze', params: idParams, response: { 200: freezeSchema } } },
    async ({ params, principal }) => {
      const who = { tenant: tenantOf(principal), actor: principal.principal };
      const [row] = await liftFreezes(db, { id: knownId(params, NO_FREEZE), ...who }, newId);
      if (!row) throw new HoldpointError('NOT_FOUND', NO_FREEZE);
      logger.warn({ freeze: row.id }, 'a freeze is lifted');
      sweep.everything();
      return toFreeze(row);
    },
  );

  app.delete(
    '/v1/freezes',
    {
      onRequest,
      schema: {
        tags,
        summary: 'Lift what stands of exactly this scope: all of the tenant’s, or of an operator, connector, tool',
        querystring: scopeSchema,
        response: { 200: z.object({ items: z.array(freezeSchema) }) },
      },
    },
    async ({ query, principal }) => {
      const { operator = null, connector = null, tool = null } = query;
      const scope = { operator, connector, tool };
      const rows = await liftFreezes(db, { scope, tenant: principal.tenant, actor: principal.principal }, newId);
      if (rows.length === 0) throw new HoldpointError('NOT_FOUND', NO_FREEZE);
      logger.warn({ freezes: rows.map(({ id }) => id) }, 'freezes are lifted');
      sweep.everything();
      return { items: rows.map(toFreeze) };
    },
  );
}

function toFreeze(row: FreezeRow): Freeze {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    lifted_at: row.lifted_at?.toISOString() ?? null,
  };
}
