import { type CountHookRun, hookMetrics } from '@holdpoint/hooks/hook-metrics';
import { databaseAuthenticator } from '@holdpoint/shared/db/authenticator';
import { startRelay } from '@holdpoint/shared/db/relay';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import type { Authenticator } from '@holdpoint/shared/runtime/auth';
import { systemClock } from '@holdpoint/shared/runtime/clock';
import { newId } from '@holdpoint/shared/runtime/ids';
import { createLogger, type Logger } from '@holdpoint/shared/runtime/logger';
import { createMetrics, type Metrics } from '@holdpoint/shared/runtime/metrics';
import { connectNats, type Nats, tryEnsureStreams } from '@holdpoint/shared/runtime/nats';
import type { Poll } from '@holdpoint/shared/runtime/poll';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { Stopper } from '@holdpoint/shared/runtime/service';
import { startTracing } from '@holdpoint/shared/runtime/start-tracing';
import type { Tracing } from '@holdpoint/shared/runtime/tracing';
import { loadPeople } from '@holdpoint/shared/workspace/people';
import type { Kysely } from 'kysely';
import type { EvaluatorConfig } from './config.ts';
import { createHookNotes, type HookNotes } from './hook-notes.ts';
import { type Scorer, startScorer } from './scoring/scorer.ts';
import { createTenantSalts, type TenantSalts } from './store/tenant-salts.ts';

/** What the evaluator's parts share; built once a process, or once an instance in tests. */
export interface Context {
  readonly config: EvaluatorConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  readonly scorer: Scorer;
  readonly salts: TenantSalts;
  readonly hookNotes: HookNotes;
  readonly countHookRun: CountHookRun;
  readonly relay: Poll;
  readonly authenticator: Authenticator;
  readonly newId: () => string;
}

const CONNECTIONS_MAX = 10;

export async function createContext(config: EvaluatorConfig, stopper: Stopper, signal?: AbortSignal): Promise<Context> {
  const people = await loadPeople(config.workspaceDir);
  const instance = config.instanceId ?? String(process.pid);
  const logger = createLogger({ service: 'evaluator', level: config.logLevel, instance });
  const metrics = createMetrics('evaluator');
  const tracing = await startTracing({ service: 'evaluator', instance, endpoint: config.otelEndpoint, logger });
  stopper.onStop('traces', () => tracing.stop());
  const pool = createPool({
    url: config.databaseUrl,
    applicationName: 'holdpoint-evaluator',
    max: CONNECTIONS_MAX,
    logger,
  });
  const db = createDatabase<Database>(pool);
  stopper.onStop('postgres', () => db.destroy());
  const scorer = await startScorer({
    workspaceDir: config.workspaceDir,
    logger,
    ...(config.rulesLoadMaxMs !== undefined && { loadMaxMs: config.rulesLoadMaxMs }),
  });
  stopper.onStop('scorer', () => scorer.stop());
  const countHookRun = hookMetrics(metrics);
  const hookNotes = createHookNotes(countHookRun, logger);
  const salts = createTenantSalts(db, (tenant) => scorer.summaryOf(tenant) !== undefined);
  const nats = await connectNats({
    url: config.natsUrl,
    ...(config.natsCreds && { creds: config.natsCreds }),
    name: `evaluator ${instance}`,
    logger,
    ...(signal && { signal }),
  });
  stopper.onStop('nats', () => nats.close());
  await tryEnsureStreams(nats.jsm, Object.values(STREAMS), logger);
  const relay = startRelay({ db, nats, logger });
  stopper.onStop('relay', () => relay.stop());
  const authenticator = databaseAuthenticator(db, { jwt: config.jwt, people, clock: systemClock });
  return {
    config,
    logger,
    metrics,
    tracing,
    db,
    nats,
    scorer,
    salts,
    hookNotes,
    countHookRun,
    relay,
    authenticator,
    newId,
  };
}
