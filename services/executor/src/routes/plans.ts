import { toDecision, toOutcome } from '@holdpoint/shared/db/action-views';
import { decisionSchema } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { planIdSchema } from '@holdpoint/shared/domain/names';
import { outcomeSchema } from '@holdpoint/shared/domain/outcome';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { readPlan } from '../store/read-plan.ts';
import { idParams, isId } from './id-params.ts';
import { tenantOf } from './tenant-of.ts';

const NO_PLAN = 'there is no such plan';

export function planRoutes(app: App, { authenticator, db }: Context): void {
  app.get(
    '/v1/plans/:id',
    {
      onRequest: authenticated({ authenticator, scope: 'read' }),
      schema: {
        tags: ['plans'],
        summary: 'A plan by its server id, or its operator’s own: its decisions, and the outcomes that are known',
        params: idParams,
        response: {
          200: z.object({
            id: z.string(),
            plan_id: z.string(),
            erased_at: z.string().optional(),
            decisions: z.array(decisionSchema),
            outcomes: z.array(outcomeSchema),
          }),
        },
      },
    },
    async ({ params, principal }) => {
      const { id: said } = params;
      const plan =
        (isId(said) && (await readPlan(db, { id: said }, tenantOf(principal)))) ||
        (planIdSchema.safeParse(said).success && (await readPlan(db, { planId: said }, principal.tenant)));
      if (!plan) throw new HoldpointError('NOT_FOUND', NO_PLAN);
      const { id, plan_id, erased_at, lines } = plan;
      return {
        id,
        plan_id,
        ...(erased_at && { erased_at: erased_at.toISOString() }),
        decisions: lines.map(toDecision),
        outcomes: lines.flatMap((line) => toOutcome(line) ?? []),
      };
    },
  );
}
