import { databaseAuthenticator } from '@holdpoint/shared/db/authenticator';
import { missingEntityIndexes } from '@holdpoint/shared/db/entities/entity-indexes';
import { type Entities, openEntities } from '@holdpoint/shared/db/entities/open-entities';
import { startRelay } from '@holdpoint/shared/db/relay';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import type { Authenticator } from '@holdpoint/shared/runtime/auth';
import type { People } from '@holdpoint/shared/runtime/claims';
import { systemClock } from '@holdpoint/shared/runtime/clock';
import { newId } from '@holdpoint/shared/runtime/ids';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { connectNats, type Nats, tryEnsureStreams } from '@holdpoint/shared/runtime/nats';
import type { Poll } from '@holdpoint/shared/runtime/poll';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { createRedis } from '@holdpoint/shared/runtime/redis';
import type { Stopper } from '@holdpoint/shared/runtime/service';
import { startTracing } from '@holdpoint/shared/runtime/start-tracing';
import type { Tracing } from '@holdpoint/shared/runtime/tracing';
import type { ConnectorLimits } from '@holdpoint/shared/workspace/connector-limits';
import { loadPeople } from '@holdpoint/shared/workspace/people';
import { loadLimits } from '@holdpoint/shared/workspace/tools';
import type { Redis } from 'ioredis';
import type { Kysely } from 'kysely';
import type { ExecutorConfig } from './config.ts';
import { type ExecutorMetrics, executorMetrics } from './metrics.ts';
import { type Bell, createBell } from './queues/bell.ts';
import { createGateStore } from './queues/gate-store.ts';
import { createGates, type Gates } from './queues/gates.ts';
import { type ConnectorNotes, createConnectorNotes } from './worker/connector-notes.ts';
import { type Connectors, openConnectors } from './worker/connectors.ts';
import { createFlusher, type Flusher } from './worker/flusher.ts';
import { type Lease, takeLease } from './worker/lease.ts';

/** What the executor's parts share; built once an instance. */
export interface Context {
  readonly config: ExecutorConfig;
  readonly logger: Logger;
  readonly metrics: ExecutorMetrics;
  readonly tracing: Tracing;
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  /** Commands that fail soon while Redis is away. */
  readonly redis: Redis;
  /** Commands that wait for Redis, as BullMQ's workers want. */
  readonly blockingRedis: Redis;
  readonly authenticator: Authenticator;
  /** How the tenants read their people's tokens. */
  readonly people: People;
  readonly connectors: Connectors;
  readonly connectorNotes: ConnectorNotes;
  /** What each connector asks to be held to. */
  readonly limits: ReadonlyMap<string, ConnectorLimits>;
  /** What is known of remote systems' entities. */
  readonly entities: Entities;
  readonly bell: Bell;
  readonly gates: Gates;
  readonly relay: Poll;
  readonly lease: Lease;
  readonly flusher: Flusher;
  /** No lane is begun any more. */
  readonly draining: AbortSignal;
  /** Calls and outages are waited for no more. */
  readonly abandon: AbortSignal;
}

const CONNECTIONS_MAX = 10;

export function executorLogger(config: ExecutorConfig): Logger {
  return createLogger({
    service: 'executor',
    level: config.logLevel,
    instance: config.instanceId ?? String(process.pid),
    ...(config.logDestination && { destination: config.logDestination }),
  });
}

export async function createContext(
  config: ExecutorConfig,
  logger: Logger,
  stopper: Stopper,
  ending: { readonly draining: AbortSignal; readonly abandon: AbortSignal },
  signal?: AbortSignal,
): Promise<Context> {
  const people = await loadPeople(config.workspaceDir);
  const metrics = executorMetrics(createMetrics('executor'));
  const instance = config.instanceId ?? String(process.pid);
  const tracing = await startTracing({ service: 'executor', instance, endpoint: config.otelEndpoint, logger });
  stopper.onStop('traces', () => tracing.stop());
  const connectors = await openConnectors({
    dir: config.workspaceDir,
    environment: config.secretEnvironment,
    privateNetwork: config.privateNetwork ?? 'refuse',
    limits: {
      initMaxMs: config.limits.connectorInitMaxMs,
      healthMaxMs: config.limits.connectorHealthMaxMs,
      closeMaxMs: config.limits.connectorCloseMaxMs,
    },
    logger,
    onStray: (connector) => metrics.strayErrors.inc({ connector }),
  });
  stopper.onStop('connectors', () => connectors.close());
  const pool = createPool({
    url: config.databaseUrl,
    applicationName: 'holdpoint-executor',
    max: CONNECTIONS_MAX,
    logger,
  });
  const db = createDatabase<Database>(pool);
  const entities = await openEntities(db, config.workspaceDir);
  await warnOfMissingIndexes(db, entities, logger);
  stopper.onStop('postgres', () => db.destroy());
  const nats = await connectNats({
    url: config.natsUrl,
    ...(config.natsCreds && { creds: config.natsCreds }),
    name: 'holdpoint-executor',
    logger,
    ...(signal && { signal }),
  });
  stopper.onStop('nats', () => nats.close());
  await tryEnsureStreams(nats.jsm, Object.values(STREAMS), logger);
  const relay = startRelay({ db, nats, logger });
  stopper.onStop('relay', () => stopRelay(relay));
  const [redis, blockingRedis] = openRedis(config, logger, stopper);
  const bell = createBell(redis, connectors.names, logger);
  stopper.onStop('queues', () => bell.close());
  const connectorNotes = createConnectorNotes(connectors.names);
  const limits = await loadLimits(config.workspaceDir);
  const gates = createGates({
    store: createGateStore(redis),
    bell,
    limits,
    metrics,
    notes: connectorNotes,
    logger,
    everyMs: config.limits.gatesEveryMs,
    rateLimitedMaxMs: config.limits.rateLimitedMaxMs,
    probeMaxMs: config.limits.leaseMs + config.limits.callTimeoutMs,
  });
  stopper.onStop('gates', () => gates.stop());
  const lease = await takeLease({ db, worker: newId(), leaseMs: config.limits.leaseMs, logger, signal });
  stopper.onStop('lease', () => lease.stop());
  const flusher = createFlusher({
    db,
    worker: lease.worker,
    authorisedMaxSeconds: config.limits.authorisedMaxSeconds,
    logger,
    onFinished: () => relay.nudge(),
    onFlushed: (items, seconds) => {
      metrics.flushItems.observe(items);
      metrics.flushSeconds.observe(seconds);
    },
    abandon: ending.abandon,
  });
  stopper.onStop('flushes', () => flusher.drain());
  metrics.all.gauge('flush_depth', 'Drains that wait for the next flush', [], () => flusher.depth);
  const authenticator = databaseAuthenticator(db, { jwt: config.jwt, people, clock: systemClock });
  return {
    config,
    logger,
    metrics,
    tracing,
    db,
    nats,
    redis,
    blockingRedis,
    authenticator,
    people,
    connectors,
    connectorNotes,
    limits,
    entities,
    bell,
    gates,
    relay,
    lease,
    flusher,
    ...ending,
  };
}

/** They are made with the owner's url, beside the migrations; without them all is found, but slowly. */
async function warnOfMissingIndexes(db: Kysely<Database>, { declared }: Entities, logger: Logger): Promise<void> {
  const missing = await missingEntityIndexes(db, declared).catch(() => []);
  if (missing.length > 0) logger.warn({ missing }, 'declared indexes of entities are missing: run the migrations');
}

function openRedis(config: ExecutorConfig, logger: Logger, stopper: Stopper): [Redis, Redis] {
  const clients = (['client', 'blocking'] as const).map((role) => {
    const redis = createRedis(config.redisUrl, { role, name: `holdpoint-executor-${role}`, logger });
    stopper.onStop(`redis ${role}`, () => redis.disconnect());
    return redis;
  });
  return clients as [Redis, Redis];
}

/** One last round, for what the last flush announced. */
async function stopRelay(relay: Poll): Promise<void> {
  relay.nudge();
  await new Promise((resolve) => setImmediate(resolve));
  await relay.stop();
}
