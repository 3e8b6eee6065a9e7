import { type ApprovalsConfig, readApprovalsConfig } from '@holdpoint/approvals/config';
import { startApprovals } from '@holdpoint/approvals/service';
import { startEvaluator } from '@holdpoint/evaluator/service';
import { readExecutorConfig } from '@holdpoint/executor/config';
import { startExecutor } from '@holdpoint/executor/service';
import { readIngestConfig } from '@holdpoint/ingest/config';
import { startIngest } from '@holdpoint/ingest/service';
import { registerApp } from '@holdpoint/shared/db/apps';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { Outcome } from '@holdpoint/shared/domain/outcome';
import { natsAccounts, OWNER } from '@holdpoint/shared/messages/nats-accounts';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { readConfig, SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { prepareNats } from '@holdpoint/shared/runtime/prepare-nats';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import type { Kysely } from 'kysely';
import { writeFixtureWorkspace } from './fixture-workspace.ts';
import { type Observer, startObserver } from './observer.ts';
import { type People, startPeople } from './people.ts';

export interface Answer {
  readonly id: string;
  readonly plan_id: string;
  readonly decisions: Decision[];
  readonly outcomes?: Outcome[];
}

/** The whole system on real servers: so many instances of each service, and an observer at the far end. */
export interface System {
  readonly servers: TestServers;
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  readonly observer: Observer;
  readonly people: People;
  readonly services: Readonly<Record<ServiceName, RunningService[]>>;
  readonly keys: { readonly admin: string; readonly operator: string; readonly platform: string };
  /** Starts one more instance of a service; told more than the others, where that is said. */
  start(service: ServiceName, more?: Readonly<Record<string, string>>): Promise<RunningService>;
  call(
    service: ServiceName,
    path: string,
    options?: { body?: unknown; key?: string; instance?: number },
  ): Promise<Response>;
  /** Proposes over HTTP. */
  propose(plan: object, waitSeconds?: number, instance?: number): Promise<Answer>;
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  stop(): Promise<void>;
}

const STARTS = {
  ingest: (env: Record<string, string>) => startIngest(readIngestConfig(env)),
  evaluator: (env: Record<string, string>) => startEvaluator(readConfig(env, 'evaluator')),
  executor: (env: Record<string, string>) => startExecutor(readExecutorConfig(env)),
  approvals: (env: Record<string, string>) => startApprovals(readApprovalsConfig(env) satisfies ApprovalsConfig),
} as const satisfies Record<ServiceName, (env: Record<string, string>) => Promise<RunningService>>;

export interface SystemOptions {
  readonly instances?: number;
  /** What the services are told beside where their servers are. */
  readonly environment?: Readonly<Record<string, string>>;
  /** More of the workspace: by path. */
  readonly files?: Readonly<Record<string, string>>;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const [servers, observer, people] = await Promise.all([serversWithLogins(), startObserver(), startPeople('acme')]);
  const workspace = await writeFixtureWorkspace(observer.url, options.files);
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const nats = await connectNats({ url: servers.natsUrl, name: 'test', logger });
  const db = createDatabase<Database>(
    createPool({ url: servers.databaseOwnerUrl, applicationName: 'test', max: 4, logger }),
  );
  await prepareNats(nats, [], logger);
  const keys = { admin: 'hp_admin', operator: 'hp_operator', platform: 'hp_platform' };
  await registerApps(db, keys);
  const env = {
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    NATS_URL: servers.natsUrl,
    HOLDPOINT_WORKSPACE: workspace.dir,
    PORT: '0',
    HOLDPOINT_PRIVATE_NETWORK: 'allow',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    JWKS_URL: people.jwt.jwksUrl,
    JWT_ISSUER: people.jwt.issuer,
    JWT_AUDIENCE: people.jwt.audience,
    ...options.environment,
  };
  const services: Record<ServiceName, RunningService[]> = { ingest: [], evaluator: [], executor: [], approvals: [] };
  const loginOf = (service: ServiceName) => servers.natsUrl.replace(`//${OWNER}:`, `//${service}:`);
  const start: System['start'] = async (service, more = {}) => {
    const running = await STARTS[service]({ ...env, NATS_URL: loginOf(service), ...more });
    services[service].push(running);
    return running;
  };
  for (let count = 0; count < (options.instances ?? 1); count += 1) {
    await Promise.all((Object.keys(STARTS) as ServiceName[]).map((service) => start(service)));
  }

  const call: System['call'] = (service, path, { body, key = keys.admin, instance = 0 } = {}) => {
    const instances = services[service];
    const { url } = instances[instance % instances.length] as RunningService;
    return fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  };
  return {
    servers,
    db,
    nats,
    observer,
    people,
    services,
    keys,
    start,
    call,
    async propose(plan, waitSeconds = 0, instance = 0) {
      const response = await call('evaluator', `/v1/plans?wait=${waitSeconds}`, {
        body: { operator: 'risk', ...plan },
        key: keys.operator,
        instance,
      });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as Answer;
    },
    async until(what, look) {
      const deadline = performance.now() + 30_000;
      for (;;) {
        const found = await look();
        if (found) return found;
        if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      await Promise.all(Object.values(services).flatMap((instances) => instances.map((service) => service.stop())));
      await nats.close();
      await db.destroy();
      await Promise.all([servers.stop(), observer.stop(), people.stop(), workspace.remove()]);
    },
  };
}

/** Every service has its own login at NATS, as in production: what it may not do there, it does not do here either. */
const serversWithLogins = (): Promise<TestServers> =>
  testServers({
    natsAuthorization: (password) =>
      natsAccounts({ services: SERVICES, operators: [], passwordOf: () => JSON.stringify(password) }),
  });

async function registerApps(db: Kysely<Database>, keys: System['keys']): Promise<void> {
  const app = { tenant: 'acme', audiences: [], operators: null };
  await registerApp(db, { ...app, id: 'admin', key_hash: hashApiKey(keys.admin), scopes: ['plan', 'read', 'admin'] });
  await registerApp(db, { ...app, id: 'operator', key_hash: hashApiKey(keys.operator), scopes: ['plan', 'read'] });
  await registerApp(db, { ...app, id: 'platform', key_hash: hashApiKey(keys.platform), scopes: ['platform'] });
}

let count = 0;

/** A line with a key and an entity of its own unless told. */
export function line(tool: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  count += 1;
  return { connector: 'shop', tool, args: {}, entity_key: `order:${count}`, idempotency_key: `key-${count}`, ...more };
}
