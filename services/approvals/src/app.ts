import cookie from '@fastify/cookie';
import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { Context } from './context.ts';
import { addConsole } from './routes/console.ts';
import { addDecideRoutes } from './routes/decide.ts';
import { addOpenRoute } from './routes/open.ts';
import { addReadRoutes } from './routes/read.ts';
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
  await http.app.register(cookie);
  addReadRoutes(http.app, context);
  addStreamRoute(http.app, context);
  addOpenRoute(http.app, context);
  addDecideRoutes(http.app, context);
  await addConsole(http.app, context);
  return http;
}
