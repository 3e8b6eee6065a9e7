import { decisionSchema } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { approvalIdSchema } from '@holdpoint/shared/domain/ids';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { outcomeSchema } from '@holdpoint/shared/domain/outcome';
import { type ExecutionPlan, PLAN_MAX_BYTES } from '@holdpoint/shared/domain/plan';
import { waitSecondsSchema } from '@holdpoint/shared/domain/wait-seconds';
import { mayProposeAs } from '@holdpoint/shared/runtime/auth';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { callerOf } from '@holdpoint/shared/runtime/slots';
import { z } from 'zod';
import { attach } from '../attach.ts';
import { createOutcomeWaits } from '../await-outcomes.ts';
import type { Context } from '../context.ts';
import { parsePlan } from '../core/proposal.ts';
import type { Decider } from '../decide-plans.ts';

/** An ExecutionPlan and its operator; the plan's own schema names what it refuses. */
const bodySchema = z.looseObject({ operator: nameSchema });

/** Of a call that comes back once people have decided about it. */
const headersSchema = z.looseObject({ 'x-approval-id': approvalIdSchema.optional() });

export function planRoutes(app: App, context: Context, decider: Decider, draining: AbortSignal): void {
  const awaitOutcomes = createOutcomeWaits(context, draining);
  app.post(
    '/v1/plans',
    {
      bodyLimit: PLAN_MAX_BYTES,
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'plan' }),
      schema: {
        tags: ['plans'],
        summary: 'Propose a plan: every line is scored, and what is permitted is done',
        headers: headersSchema,
        querystring: z.strictObject({ wait: waitSecondsSchema.optional() }),
        body: bodySchema,
        response: {
          200: z.object({
            id: z.string(),
            plan_id: z.string(),
            decisions: z.array(decisionSchema),
            outcomes: z.array(outcomeSchema).optional(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { operator, ...body } = request.body;
      const { tenant, principal } = request.principal;
      if (!mayProposeAs(request.principal, operator)) {
        throw new HoldpointError('FORBIDDEN', `this key may not propose as ${operator}`);
      }
      const { plan, bodyDigest } = parsePlan(body);
      const approvalId = request.headers['x-approval-id'];
      if (approvalId !== undefined) {
        const waitMs = (request.query.wait ?? 0) * 1000;
        const attached = await attach(context, awaitOutcomes, {
          caller: callerOf(request.principal),
          tenant,
          operator,
          approvalId,
          plan: onlyLine(plan),
          waitMs,
        });
        if (draining.aborted) reply.header('connection', 'close');
        return attached;
      }
      const { traceId, spanId: parentSpanId } = request.trace;
      const requester = principal;
      const bytes = Number(request.headers['content-length'] ?? PLAN_MAX_BYTES);
      const result = await decider.add({ tenant, operator, plan, bodyDigest, bytes, requester, traceId, parentSpanId });
      if (!result.ok) throw result.error;
      const { id, planId, decisions } = result.plan;
      const answer = { id, plan_id: planId, decisions: [...decisions] };
      const { wait } = request.query;
      if (wait === undefined) return answer;
      const { outcomes } = await awaitOutcomes(callerOf(request.principal), { id, tenant, operator }, wait * 1000);
      // Else the caller would keep its connection, and closing would wait for it.
      if (draining.aborted) reply.header('connection', 'close');
      return { ...answer, outcomes: [...outcomes] };
    },
  );
}

/** An approval is about one action. */
function onlyLine(plan: ExecutionPlan): ExecutionPlan {
  if (plan.actions.length === 1) return plan;
  const issues = [{ path: 'actions', reason: 'with X-Approval-Id a plan has one action' }];
  throw new HoldpointError('INVALID_REQUEST', `actions: ${issues[0]?.reason}`, { issues });
}
