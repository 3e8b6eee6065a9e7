import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { Context } from './context.ts';
import type { Sweep } from './jobs/sweep.ts';
import { actionRoutes } from './routes/actions.ts';
import { connectorRoutes } from './routes/connectors.ts';
import { entityRoutes } from './routes/entities.ts';
import { flowRoutes } from './routes/flow.ts';
import { freezeRoutes } from './routes/freezes.ts';
import { interventionRoutes } from './routes/interventions.ts';
import { planRoutes } from './routes/plans.ts';
import { queueRoutes } from './routes/queues.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { pingDatabase } from './store/ping-database.ts';

const BODY_MAX_BYTES = 64 * 1024;

export async function createApp(context: Context, sweep: Sweep): Promise<Http> {
  const { logger, metrics, tracing, nats, db, redis, config } = context;
  const http = await createHttp({
    service: 'executor',
    logger,
    metrics: metrics.all,
    tracing,
    checks: {
      nats: () => nats.ping(),
      postgres: () => pingDatabase(db),
      redis: () => redis.ping(),
    },
    notes: () => context.connectorNotes.checks(),
    openapi: { title: 'Holdpoint executor', description: 'Permitted effects: applied once, in order, with receipts.' },
    bodyMaxBytes: BODY_MAX_BYTES,
    trustProxy: config.trustProxy,
  });
  actionRoutes(http.app, context);
  planRoutes(http.app, context);
  receiptRoutes(http.app, context);
  interventionRoutes(http.app, context);
  connectorRoutes(http.app, context);
  flowRoutes(http.app, context);
  entityRoutes(http.app, context);
  freezeRoutes(http.app, context, sweep);
  await queueRoutes(http.app, context);
  return http;
}
