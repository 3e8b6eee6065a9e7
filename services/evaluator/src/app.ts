import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { Context } from './context.ts';
import type { Decider } from './decide-plans.ts';
import type { Reload } from './jobs/reload.ts';
import { evaluateRoutes } from './routes/evaluate.ts';
import { explanationRoutes } from './routes/explanation.ts';
import { limitRoutes } from './routes/limits.ts';
import { planRoutes } from './routes/plans.ts';
import { policyRoutes } from './routes/policies.ts';
import { recordRoutes } from './routes/records.ts';
import { readNow } from './store/read-now.ts';

/** A plan is at most 512 KiB; a rehearsal carries policies beside it. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;

export interface Doors {
  readonly decider: Decider;
  readonly reload: Reload;
  readonly draining: AbortSignal;
}

export async function createApp(context: Context, { decider, reload, draining }: Doors): Promise<Http> {
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
    // It does its work, by what was in force before.
    notes: () => ({ policies: reload.rejected() ? 'rejected' : 'ok' }),
    openapi: { title: 'Holdpoint evaluator', description: 'Plans in, a decision for every action out.' },
    bodyMaxBytes: BODY_MAX_BYTES,
    trustProxy: config.trustProxy,
  });
  planRoutes(http.app, context, decider, draining);
  evaluateRoutes(http.app, context);
  policyRoutes(http.app, context, reload);
  explanationRoutes(http.app, context);
  recordRoutes(http.app, context);
  limitRoutes(http.app, context);
  return http;
}
