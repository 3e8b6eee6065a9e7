import { createHttp, type Http } from '@holdpoint/shared/runtime/http';
import type { IngestConfig } from './config.ts';
import type { IngestContext } from './context.ts';
import { eventRoutes } from './routes/events.ts';
import { hookRoutes } from './routes/hooks.ts';
import { sourceRoutes } from './routes/sources.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';

/** Of what is not a webhook: replays and queries are small. */
const BODY_MAX_BYTES = 64 * 1024;

export async function buildApp(config: IngestConfig, context: IngestContext): Promise<Http> {
  const http = await createHttp({
    service: 'ingest',
    logger: context.logger,
    metrics: context.metrics.shared,
    tracing: context.tracing,
    // Postgres is not asked: without it webhooks are accepted all the same, and no balancer should look elsewhere.
    checks: { nats: context.nats.ping },
    notes: () => ({
      redis: context.redis.status === 'ready' ? 'ok' : 'away: each instance keeps the rate limits alone',
    }),
    openapi: { title: 'Holdpoint ingest', description: 'Webhooks in: verified, deduplicated, published once.' },
    bodyMaxBytes: BODY_MAX_BYTES,
    trustProxy: config.trustProxy,
    limits: config.http,
  });
  hookRoutes(http.app, context);
  subscriptionRoutes(http.app, context);
  sourceRoutes(http.app, context);
  eventRoutes(http.app, context);
  return http;
}
