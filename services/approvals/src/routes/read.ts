import { APPROVAL_STATUSES, approvalSchema } from '@holdpoint/shared/domain/approval';
import { keySchema, nameSchema } from '@holdpoint/shared/domain/names';
import { isPlainText } from '@holdpoint/shared/domain/plain-text';
import { audienceSchema } from '@holdpoint/shared/domain/policy';
import { waitSecondsSchema } from '@holdpoint/shared/domain/wait-seconds';
import { requirePerson } from '@holdpoint/shared/runtime/auth';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import type { Principal } from '@holdpoint/shared/runtime/principal';
import { callerOf, createSlots } from '@holdpoint/shared/runtime/slots';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { notFound } from '../core/ruling.ts';
import { isId } from '../decide.ts';
import { type ListQuery, listApprovals } from '../store/list-approvals.ts';
import { waitForDecision } from '../wait-for-decision.ts';

const listQuerySchema = z.strictObject({
  status: z.enum(APPROVAL_STATUSES).optional(),
  audience: audienceSchema.refine(isPlainText).optional(),
  session_id: keySchema.optional(),
  operator: nameSchema.optional(),
  /** What waits for the person that asks. */
  mine: z.stringbool().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid().optional(),
});

const pageSchema = z.object({ items: z.array(approvalSchema), next_cursor: z.string().optional() });

/** What is asked, and what became of it. GET never decides. */
export function addReadRoutes(app: App, context: Context): void {
  const onRequest = authenticated({ authenticator: context.authenticator, scope: 'read' });
  const schema = { tags: ['approvals'] };

  app.get(
    '/v1/approvals',
    {
      onRequest,
      schema: {
        ...schema,
        summary: 'Approvals, newest first',
        querystring: listQuerySchema,
        response: { 200: pageSchema },
      },
    },
    async ({ principal, query }) => {
      const { limit } = query;
      const rows = await listApprovals(context.db, toListQuery(principal, query));
      const items = rows.slice(0, limit).map(({ approval }) => approval);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last && { next_cursor: last.id }) };
    },
  );

  const { waitersMax, waitersPerCallerMax } = context.config.limits;
  const slots = createSlots({ max: waitersMax, maxPerCaller: waitersPerCallerMax });
  app.get(
    '/v1/approvals/:id',
    {
      onRequest,
      schema: {
        ...schema,
        summary: 'An approval; with `wait`, once it is decided or the seconds are over',
        params: z.object({ id: z.string() }),
        querystring: z.strictObject({ wait: waitSecondsSchema.default(0) }),
        response: { 200: approvalSchema },
      },
    },
    async ({ principal, params, query }, reply) => {
      if (!isId(params.id)) throw notFound();
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const leave = slots.take(callerOf(principal));
      context.metrics.waiters(slots.taken);
      try {
        const waitMs = leave ? query.wait * 1000 : 0;
        const wait = { tenant: principal.tenant, approvalId: params.id, waitMs, signal: gone.signal };
        const approval = await waitForDecision(context, wait);
        // Otherwise the idle connection would hold up the drain that ended the wait.
        if (context.draining.aborted) reply.header('connection', 'close');
        if (approval === undefined) throw notFound();
        return approval;
      } finally {
        leave?.();
        context.metrics.waiters(slots.taken);
      }
    },
  );
}

/** @throws {HoldpointError} NOT_A_PERSON: nothing waits for a key */
function toListQuery(principal: Principal, query: z.infer<typeof listQuerySchema>): ListQuery {
  const { session_id: sessionId, cursor: before, audience, mine, ...filters } = query;
  const common = { ...filters, tenant: principal.tenant, sessionId, before };
  const asked = audience === undefined ? {} : { audiences: [audience] };
  if (!mine) return { ...common, ...asked };
  requirePerson(principal);
  const audiences = principal.audiences.filter((one) => audience === undefined || one === audience);
  return { ...common, status: 'pending', audiences, waitingFor: principal.principal };
}
