import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { hookEntities } from '@holdpoint/hooks/hook-entities';
import { databaseAuthenticator } from '@holdpoint/shared/db/authenticator';
import { openEntities } from '@holdpoint/shared/db/entities/open-entities';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import type { Authenticator } from '@holdpoint/shared/runtime/auth';
import { type Clock, systemClock } from '@holdpoint/shared/runtime/clock';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { connectNats, type Nats, tryEnsureStreams } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { createRedis } from '@holdpoint/shared/runtime/redis';
import type { Stopper } from '@holdpoint/shared/runtime/service';
import { startTracing } from '@holdpoint/shared/runtime/start-tracing';
import type { Tracing } from '@holdpoint/shared/runtime/tracing';
import { loadPeople } from '@holdpoint/shared/workspace/people';
import { loadSources } from '@holdpoint/shared/workspace/sources';
import { loadTenantLimits, type TenantLimits } from '@holdpoint/shared/workspace/tenant-limits';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import type { IngestConfig } from './config.ts';
import { HEADERS_MAX_BYTES } from './core/event-draft.ts';
import { type QuotaShares, quotaShares } from './core/quota-shares.ts';
import { startTenantHooks, type TenantHooks } from './hooks/tenant-hooks.ts';
import { type IngestMetrics, ingestMetrics } from './metrics.ts';
import { type Admission, admission } from './protection/admission.ts';
import { type BodyRoom, bodyRoom } from './protection/body-room.ts';
import { type TenantQuotas, tenantQuotas } from './protection/tenant-quotas.ts';
import { type SourceHealth, sourceHealth } from './source-health.ts';
import { type SourceRegistry, sourceRegistry } from './source-registry.ts';
import { type BodyStore, streamBodyStore } from './stream/body-store.ts';
import { type EventLog, eventLog } from './stream/event-log.ts';
import type { DeadItemDependencies } from './stream/publish-dead-item.ts';
import { type EventPublisher, eventPublisher } from './stream/publish-event.ts';

/** Everything the doors need, built once. */
export interface IngestContext {
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly nats: Nats;
  /** API keys, receipts and entities; webhooks are accepted without it. */
  readonly db: Kysely<Database>;
  /** Rate limits that instances share; webhooks are accepted without it. */
  readonly redis: Redis;
  readonly sources: SourceRegistry;
  readonly admission: Admission;
  readonly bodyRoom: BodyRoom;
  readonly hooks: TenantHooks;
  readonly tenants: readonly string[];
  readonly quotas: TenantQuotas;
  readonly sharesOf: (streamMaxBytes: number) => QuotaShares;
  readonly health: SourceHealth;
  readonly publisher: EventPublisher;
  readonly log: EventLog;
  readonly bodies: BodyStore;
  readonly deadItems: DeadItemDependencies;
  readonly authenticator: Authenticator;
  readonly newNonce: () => string;
}

/** The server's own default, until it has said what it takes. */
const NATS_MAX_PAYLOAD_BYTES = 1024 * 1024;

export async function buildContext(
  config: IngestConfig,
  logger: Logger,
  stopper: Stopper,
  signal?: AbortSignal,
): Promise<IngestContext> {
  const people = await loadPeople(config.workspaceDir);
  const sources = sourceRegistry(await loadSources(config.workspaceDir, config.secretEnvironment));
  const tenantLimits = await loadTenantLimits(config.workspaceDir);
  const sharesOf = sharesFrom(config, tenantLimits);
  const metrics = ingestMetrics(createMetrics('ingest'));
  const tracing = await startTracing({
    service: 'ingest',
    instance: instanceOf(config),
    endpoint: config.otelEndpoint,
    logger,
  });
  stopper.onStop('traces', () => tracing.stop());

  const pool = createPool({ url: config.databaseUrl, applicationName: 'holdpoint-ingest', max: 6, logger });
  const db = createDatabase<Database>(pool);
  stopper.onStop('postgres', () => db.destroy());

  const entities = hookEntities(await openEntities(db, config.workspaceDir));
  const hooks = await startTenantHooks({ workspaceDir: config.workspaceDir, sources, metrics, entities, logger });
  stopper.onStop('hooks', () => hooks.stop());

  const redis = createRedis(config.redisUrl, { role: 'client', name: 'holdpoint-ingest', logger });
  stopper.onStop('redis', () => redis.disconnect());

  const nats = await connectNats({
    url: config.natsUrl,
    name: 'holdpoint-ingest',
    logger,
    ...(config.natsCreds && { creds: config.natsCreds }),
    ...(signal && { signal }),
  });
  stopper.onStop('nats', () => nats.close());
  const restore = restoreStream(nats, logger);
  await restore();

  const log = eventLog(nats.js, nats.jsm);
  const bodies = streamBodyStore({
    js: nats.js,
    jsm: nats.jsm,
    clock: systemClock,
    tenantMaxBytes: STREAMS.BODIES.max_bytes / sources.tenants,
  });
  const inlineMaxBytes = () => (nats.nc.info?.max_payload ?? NATS_MAX_PAYLOAD_BYTES) - HEADERS_MAX_BYTES;
  const quotas = tenantQuotas({
    shares: sharesOf(STREAMS.EVENTS.max_bytes),
    clock: systemClock,
    onOver: (tenant, max_bytes) => logger.warn({ tenant, max_bytes }, 'a tenant has used up its quota of events'),
  });
  const publisher = eventPublisher(
    { js: nats.js, connected: nats.connected, restore, log, bodies, quotas, inlineMaxBytes },
    config.publisher,
  );
  metrics.inFlight(() => publisher.inFlight());
  const room = bodyRoom(config.bodiesMaxBytes);
  metrics.bodyBytes(() => room.bytes());
  return {
    logger,
    metrics,
    tracing,
    clock: systemClock,
    nats,
    db,
    redis,
    sources,
    admission: admission(redis, config.ingest, (tenant) => tenantLimits.get(tenant)?.deliveries),
    bodyRoom: room,
    hooks,
    tenants: [...tenantLimits.keys()],
    quotas,
    sharesOf,
    health: sourceHealth(),
    publisher,
    log,
    bodies,
    deadItems: { js: nats.js, bodies, inlineMaxBytes },
    authenticator: databaseAuthenticator(db, { jwt: config.jwt, people, clock: systemClock }),
    newNonce: randomUUID,
  };
}

export function ingestLogger(config: IngestConfig): Logger {
  return createLogger({
    service: 'ingest',
    level: config.logLevel,
    instance: instanceOf(config),
    ...(config.logDestination && { destination: config.logDestination }),
  });
}

/** Throws a WorkspaceError where the tenants' own quotas leave the others nothing. */
function sharesFrom({ ingest }: IngestConfig, limits: ReadonlyMap<string, TenantLimits>) {
  const own = new Map(
    [...limits].flatMap(([tenant, { eventsMaxBytes }]) => (eventsMaxBytes ? [[tenant, eventsMaxBytes] as const] : [])),
  );
  const taken = [...own.values()].reduce((sum, bytes) => sum + bytes, 0);
  const { max_bytes: maxBytes } = STREAMS.EVENTS;
  if (taken > maxBytes || (taken === maxBytes && own.size < limits.size)) {
    const reason = `eventsMaxBytes of all limits.ts together is ${taken}; the stream of events holds ${maxBytes} for all tenants`;
    throw new WorkspaceError([{ file: 'tenants', path: '', reason }]);
  }
  return (streamMaxBytes: number) => quotaShares(streamMaxBytes, limits.size, own, ingest.tenantEventsMaxBytes);
}

const instanceOf = (config: IngestConfig) => config.instanceId ?? `${hostname()}-${process.pid}`;

/** Creates the stream where it is missing, one attempt at a time: a server may also come back without its disk. */
function restoreStream(nats: Nats, logger: Logger): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= tryEnsureStreams(nats.jsm, [STREAMS.EVENTS, STREAMS.BODIES, STREAMS.DEAD], logger).finally(() => {
      running = undefined;
    });
    return running;
  };
}
