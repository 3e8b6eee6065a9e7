import { databaseAuthenticator } from '@holdpoint/shared/db/authenticator';
import { startRelay } from '@holdpoint/shared/db/relay';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Authenticator } from '@holdpoint/shared/runtime/auth';
import type { People } from '@holdpoint/shared/runtime/claims';
import { type Clock, systemClock } from '@holdpoint/shared/runtime/clock';
import { newId } from '@holdpoint/shared/runtime/ids';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { createMetrics } from '@holdpoint/shared/runtime/metrics';
import { connectNats, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { Stopper } from '@holdpoint/shared/runtime/service';
import { startTracing } from '@holdpoint/shared/runtime/start-tracing';
import type { Tracing } from '@holdpoint/shared/runtime/tracing';
import { loadNotifications } from '@holdpoint/shared/workspace/notifications';
import { loadPeople } from '@holdpoint/shared/workspace/people';
import type { Kysely } from 'kysely';
import { createDirectory, type Directory } from './channels/directory.ts';
import { createOutbound, type Outbound } from './channels/outbound.ts';
import type { ApprovalsConfig } from './config.ts';
import { createFactFeed, type FactFeed } from './consumers/fact-feed.ts';
import { type ApprovalsMetrics, approvalsMetrics } from './metrics.ts';

/** What the service's parts share, built once an instance. */
export interface Context {
  readonly config: ApprovalsConfig;
  readonly logger: Logger;
  readonly metrics: ApprovalsMetrics;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  readonly facts: FactFeed;
  readonly authenticator: Authenticator;
  readonly directory: Directory;
  readonly outbound: Outbound;
  /** Where people reach the console. */
  readonly publicUrl: string;
  /** How the tenants read their people's tokens. */
  readonly people: People;
  /** Asks for the outbox to be published now. */
  readonly nudgeRelay: () => void;
  /** Aborts when the service drains: what waits answers with what is, streams end. */
  readonly draining: AbortSignal;
  drain(): void;
}

const CONNECTIONS_MAX = 10;

export async function createContext(
  config: ApprovalsConfig,
  logger: Logger,
  stopper: Stopper,
  signal?: AbortSignal,
): Promise<Context> {
  const directory = createDirectory(await loadNotifications(config.workspaceDir, config.secretEnvironment));
  const people = await loadPeople(config.workspaceDir);
  const instance = config.instanceId ?? String(process.pid);
  const tracing = await startTracing({ service: 'approvals', instance, endpoint: config.otelEndpoint, logger });
  stopper.onStop('traces', () => tracing.stop());
  const pool = createPool({
    url: config.databaseUrl,
    applicationName: 'holdpoint-approvals',
    max: CONNECTIONS_MAX,
    logger,
  });
  const db = createDatabase<Database>(pool);
  stopper.onStop('postgres', () => db.destroy());
  const nats = await connectNats({
    url: config.natsUrl,
    ...(config.natsCreds && { creds: config.natsCreds }),
    name: 'holdpoint-approvals',
    logger,
    ...(signal && { signal }),
  });
  stopper.onStop('nats', () => nats.close());
  const relay = startRelay({ db, nats, logger });
  stopper.onStop('relay', () => relay.stop());
  const outbound = createOutbound(config.privateNetwork === 'allow' ? 'anywhere' : 'public');
  stopper.onStop('outbound connections', () => outbound.close());
  const draining = new AbortController();
  return {
    config,
    logger,
    metrics: approvalsMetrics(createMetrics('approvals')),
    tracing,
    clock: systemClock,
    newId,
    db,
    nats,
    facts: createFactFeed(nats, logger),
    authenticator: databaseAuthenticator(db, { jwt: config.jwt, people, clock: systemClock }),
    directory,
    outbound,
    publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
    people,
    nudgeRelay: () => relay.nudge(),
    draining: draining.signal,
    drain: () => draining.abort(),
  };
}

export function approvalsLogger(config: ApprovalsConfig): Logger {
  return createLogger({
    service: 'approvals',
    level: config.logLevel,
    instance: config.instanceId ?? String(process.pid),
    ...(config.logDestination && { destination: config.logDestination }),
  });
}
