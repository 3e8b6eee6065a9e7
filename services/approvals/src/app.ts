import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { Context } from './context.ts';
import { addConsoleApp } from './routes/console-app.ts';
import { addDecideRoutes } from './routes/decide.ts';
import { addGateway } from './routes/gateway.ts';
import { addNotificationRoutes } from './routes/notifications.ts';
import { addOpenRoute } from './routes/open.ts';
import { addReadRoutes } from './routes/read.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addSlackRoute } from './routes/slack.ts';
import { addStandingGrantRoutes } from './routes/standing-grants.ts';
import { addStreamRoute } from './routes/stream.ts';
import { pingDatabase } from './store/ping-database.ts';

const BODY_MAX_BYTES = 64 * 1024;

export async function buildApp(context: Context): Promise<Http> {
  const { config, db, logger, metrics, tracing, nats } = context;
  const http = await createHttp({
    service: 'approvals',
    logger,
    metrics: metrics.base,
    tracing,
    checks: { postgres: () => pingDatabase(db), nats: () => nats.ping() },
    openapi: { title: 'Holdpoint approvals', description: 'What is held for a person, and what people decide.' },
    bodyMaxBytes: BODY_MAX_BYTES,
    trustProxy: config.trustProxy,
  });
  addReadRoutes(http.app, context);
  addStreamRoute(http.app, context);
  addOpenRoute(http.app, context);
  addDecideRoutes(http.app, context);
  addStandingGrantRoutes(http.app, context);
  addSessionRoutes(http.app, context);
  await addGateway(http.app, context);
  addNotificationRoutes(http.app, context);
  await addSlackRoute(http.app, context);
  await addConsoleApp(http.app);
  return http;
}
