import type { Question } from '@holdpoint/policy/score/score-question';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { actionExplanationSchema } from '@holdpoint/shared/domain/explanation';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { explainAction, isByRules } from '../core/action-explanation.ts';
import { lineOf } from '../core/rescore.ts';
import { type Decided, readDecided } from '../store/read-decided.ts';

const uuid = z.uuid();

export function explanationRoutes(app: App, context: Context): void {
  app.get(
    '/v1/actions/:id/explanation',
    {
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'admin' }),
      schema: {
        tags: ['policies'],
        summary: 'Why an action was decided as it was, and the nearest change that would have permitted it',
        params: z.object({ id: z.string() }),
        response: { 200: actionExplanationSchema },
      },
    },
    async ({ params: { id }, principal: { tenant } }) => {
      const decided = uuid.safeParse(id).success ? await readDecided(context.db, id, tenant) : undefined;
      if (!decided) throw new HoldpointError('NOT_FOUND', 'there is no such action');
      const { action } = decided;
      const now = isByRules(action) ? await askNow(context, decided) : undefined;
      const version = now?.verdict.policy_version ?? context.scorer.summaryOf(tenant)?.version ?? 'none';
      return explainAction(action, version, now);
    },
  );
}

/** The facts of then, under the rules of now. */
async function askNow({ scorer, salts }: Context, { action, env }: Decided): Promise<ScoredLine | undefined> {
  const { tenant, operator } = action;
  const question: Question = {
    tenant,
    operator,
    env,
    salt: await salts.of(tenant),
    lines: [lineOf(action)],
    ...(action.entity && { entities: [{ ok: true, snapshot: action.entity }] }),
    now: action.decided_at.toISOString(),
    explain: true,
  };
  const [answer] = await scorer.score('aside', async () => [question]);
  return answer?.ok ? answer.lines[0] : undefined;
}
