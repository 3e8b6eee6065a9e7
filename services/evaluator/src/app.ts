import type { Batcher } from '@holdpoint/shared/runtime/batcher';
import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { Context } from './context.ts';
import type { Proposal } from './core/proposal.ts';
import type { DecideResult } from './decide-plans.ts';
import { evaluateRoutes } from './routes/evaluate.ts';
import { explanationRoutes } from './routes/explanation.ts';
import { limitRoutes } from './routes/limits.ts';
import { planRoutes } from './routes/plans.ts';
import { policyRoutes } from './routes/policies.ts';
import { recordRoutes } from './routes/records.ts';
import { readNow } from './store/read-now.ts';

/** A plan is at most 512 KiB; a rehearsal carries policies beside it. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;

export async function createApp(
  context: Context,
  decider: Batcher<Proposal, DecideResult>,
  draining: AbortSignal,
): Promise<Http> {
  const { logger, metrics, tracing, nats, db, config } = context;
  const http = await createHttp({
    service: 'evaluator',
    logger,
    metrics,
    tracing,
    checks: {
      nats: () => nats.ping(),
      postgres: () => readNow(db),
    },
    openapi: { title: 'Holdpoint evaluator', description: 'Plans in, a decision for every action out.' },
    bodyMaxBytes: BODY_MAX_BYTES,
    trustProxy: config.trustProxy,
  });
  planRoutes(http.app, context, decider, draining);
  evaluateRoutes(http.app, context);
  policyRoutes(http.app, context);
  explanationRoutes(http.app, context);
  recordRoutes(http.app, context);
  limitRoutes(http.app, context);
  return http;
}
