import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registerApp } from '@holdpoint/shared/db/apps';
import { migrate } from '@holdpoint/shared/db/migrate';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { hashApiKey } from '@holdpoint/shared/runtime/auth';
import { SERVICES, type ServiceName } from '@holdpoint/shared/runtime/config';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { onPath } from '@holdpoint/stack/binaries';
import { freePort } from '@holdpoint/stack/port';
import type { ServerHandle } from '@holdpoint/stack/server';
import { type Stack, startStack } from '@holdpoint/stack/stack';
import { until } from '@holdpoint/stack/until';
import type pg from 'pg';
import { environment } from '../../scripts/start/config.ts';
import { given } from '../../scripts/start/services.ts';
import type { Stages } from '../../scripts/start/stages.ts';
import { type People, startPeople } from '../e2e/people.ts';
import type { ServiceSoak, SoakTimes } from './core/campaign-profile.ts';
import type { Random } from './core/random.ts';
import { TENANT } from './core/traffic.ts';
import { type FarEnd, startFarEnd } from './far-end.ts';
import { type Link, openLink } from './link.ts';
import { type KeptProcess, keepRunning } from './process.ts';
import { shortenStreams } from './shorten-streams.ts';
import { openSmallDisk, type SmallDisk } from './small-disk.ts';
import { installCommitSignals } from './store/commit-signals.ts';
import { writeWorkspace } from './workspace.ts';

const INSTANCES = 2;
const READY_MS = 60_000;
const SERVICE_STOP_MS = 4_000;
const RESTART_MS = [50, 700] as const;
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export type ServerName = 'postgres' | 'nats' | 'redis';

/** Everything that a campaign runs, as the owner of all of it. */
export interface System {
  readonly dir: string;
  /** Where services write down how they are, in a soak. */
  readonly vitalsDir: string;
  readonly stack: Stack;
  readonly servers: Readonly<Record<ServerName, ServerHandle>>;
  /** Where NATS keeps its data, if the machine lets it have a disk of its own. */
  readonly natsDisk: SmallDisk | undefined;
  readonly farEnd: FarEnd;
  readonly people: People;
  readonly keys: { readonly admin: string; readonly operator: string };
  readonly nats: Nats;
  readonly db: pg.Pool;
  readonly services: Readonly<Record<ServiceName, readonly Instance[]>>;
  /** All of the services answer that they are ready. */
  untilReady(limitMs: number): Promise<boolean>;
  /** What is asked of a service by HTTP; undefined where no whole answer came in time. */
  call(instance: Instance, path: string, options: CallOptions): Promise<Answer | undefined>;
}

export interface Instance {
  readonly url: string;
  readonly process: KeptProcess;
  readonly links: Readonly<Record<ServerName, Link>>;
}

export interface CallOptions {
  readonly method?: 'GET' | 'POST';
  readonly key?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** See `programs/service.ts`. */
export interface ServiceTimes {
  readonly leaseMs: number;
  readonly ackWaitMs: number;
  readonly soak?: SoakTimes;
}

const CALL_MAX_MS = 4_000;
/** An answer that was on its way when a clock was set right may be one of the wrong clock. */
export const CLOCK_ECHO_MS = 2 * CALL_MAX_MS;
/** A longer campaign stores more than it holds. */
const SMALL_DISK_MAX_MS = 3_600_000;
/** More than the streams set aside between them: that they may, though its disk is smaller, is how a disk comes to be full. */
const NATS_STORE_MAX_BYTES = 16 * 1024 ** 3;

export async function startSystem(options: {
  readonly dir: string;
  readonly random: Random;
  readonly seed: number;
  readonly times: ServiceTimes;
  /** How much work there will be for NATS to store. */
  readonly durationMs: number;
  readonly stages: Stages;
}): Promise<System> {
  const { dir, stages } = options;
  // Nothing that somebody else relies on may be emptied or killed: only servers of its own, whatever the environment names.
  let natsDisk: SmallDisk | undefined;
  const stack = await startStack({
    dataDir: join(dir, 'servers'),
    env: { PATH: environment().PATH },
    async openNatsDisk(folder) {
      if (options.durationMs > SMALL_DISK_MAX_MS) return undefined;
      natsDisk = await openSmallDisk(folder);
      return natsDisk && { within: natsDisk.within, storeMaxBytes: NATS_STORE_MAX_BYTES };
    },
  }).catch(async (error: unknown) => {
    await natsDisk?.stop();
    throw error;
  });
  stages.add(() => natsDisk?.stop());
  stages.next();
  stages.add(() => stack.stop());
  const servers = embedded(stack);
  stages.next();
  const setpriv = process.platform === 'linux' ? await onPath('setpriv', environment()) : undefined;
  // Not even one that sleeps may be left behind.
  const tie = setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
  const people = await startPeople(TENANT);
  stages.add(() => people.stop());
  const basic = { PATH: environment().PATH ?? '', HOME: environment().HOME ?? dir, ...given('NODE_COMPILE_CACHE') };
  const logs = join(dir, 'logs');
  const vitalsDir = join(dir, 'vitals');
  for (const folder of [logs, vitalsDir]) await mkdir(folder, { recursive: true });
  if (options.times.soak) shortenStreams(options.times.soak.streamAgeMs);
  const farEnd = await startFarEnd({ logFile: join(logs, 'far-end.jsonl'), seed: options.seed, tie, env: basic });
  stages.add(() => farEnd.stop());
  const workspace = join(dir, 'workspace');
  await writeWorkspace(workspace, farEnd.url);
  await migrate(stack.databaseOwnerUrl);
  await installCommitSignals(stack.databaseOwnerUrl);
  const keys = await registerKeys(stack.databaseOwnerUrl);

  stages.next();
  const logger = createLogger({ service: 'chaos', level: 'silent', instance: 'chaos' });
  const nats = await connectNats({ url: stack.natsUrl, name: 'chaos', logger });
  stages.add(() => nats.close());
  await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
  const db = createPool({ url: stack.databaseOwnerUrl, applicationName: 'chaos', max: 4, logger });
  stages.add(() => db.end());

  const links = await openLinks(stack, stages);

  stages.next();
  const env = {
    ...basic,
    HOLDPOINT_WORKSPACE: workspace,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    JWKS_URL: people.jwt.jwksUrl,
    JWT_ISSUER: people.jwt.issuer,
    JWT_AUDIENCE: people.jwt.audience,
  };
  const services = await startServices({ ...options, links, env, logs, vitalsDir, tie });
  return {
    dir,
    vitalsDir,
    stack,
    servers,
    natsDisk,
    farEnd,
    people,
    keys,
    nats,
    db,
    services,
    async untilReady(limitMs) {
      const all = Object.values(services).flat();
      const ready = async () => ((await Promise.all(all.map(isReady))).every(Boolean) ? true : undefined);
      return (await until(ready, limitMs, 100)) ?? false;
    },
    call,
  };
}

export const START_LIMIT_MS = READY_MS;

function embedded({ servers }: Stack): System['servers'] {
  const { postgres, nats, redis } = servers;
  if (postgres && nats && redis) return { postgres, nats, redis };
  throw new Error('a campaign needs embedded servers, for it kills them: one of them was found elsewhere only');
}

async function registerKeys(ownerUrl: string): Promise<System['keys']> {
  const keys = { admin: 'hp_chaos_admin', operator: 'hp_chaos_operator' };
  const db = createDatabase<Database>(createPool({ url: ownerUrl, applicationName: 'chaos', max: 1 }));
  const app = { tenant: TENANT, audiences: [], operators: null };
  await registerApp(db, { ...app, id: 'admin', key_hash: hashApiKey(keys.admin), scopes: ['plan', 'read', 'admin'] });
  await registerApp(db, { ...app, id: 'operator', key_hash: hashApiKey(keys.operator), scopes: ['plan', 'read'] });
  await db.destroy();
  return keys;
}

async function startServices(around: {
  readonly links: ReadonlyMap<string, Instance['links']>;
  readonly env: Readonly<Record<string, string>>;
  readonly logs: string;
  readonly vitalsDir: string;
  readonly tie: readonly string[];
  readonly random: Random;
  readonly times: ServiceTimes;
  readonly stages: Stages;
}): Promise<Record<ServiceName, Instance[]>> {
  const services: Record<ServiceName, Instance[]> = { ingest: [], evaluator: [], executor: [], approvals: [] };
  const taken = new Set<number>();
  for (const service of SERVICES) {
    for (let number = 1; number <= INSTANCES; number += 1) {
      let port = await freePort();
      while (taken.has(port)) port = await freePort();
      taken.add(port);
      const name = nameOf(service, number);
      const links = around.links.get(name);
      if (links === undefined) throw new Error(`${name} has no way to the servers`);
      const random = around.random.fork(`restarts of ${name}`);
      const kept = keepRunning({
        name,
        args: [
          '--import',
          join(root, 'test', 'chaos', 'programs', 'movable-clock.ts'),
          join(root, 'test', 'chaos', 'programs', 'service.ts'),
          service,
          String(around.times.leaseMs),
          String(around.times.ackWaitMs),
          ...soakOf(around.times, name, around.vitalsDir),
        ],
        env: {
          ...around.env,
          PORT: String(port),
          DATABASE_URL: links.postgres.url,
          REDIS_URL: links.redis.url,
          NATS_URL: links.nats.url,
        },
        cwd: root,
        logFile: join(around.logs, `${name}.log`),
        tie: around.tie,
        restartMs: () => random.between(...RESTART_MS),
      });
      around.stages.add(() => kept.stop(SERVICE_STOP_MS));
      services[service].push({ url: `http://127.0.0.1:${port}`, process: kept, links });
    }
  }
  return services;
}

function soakOf({ soak }: ServiceTimes, name: string, vitalsDir: string): string[] {
  if (soak === undefined) return [];
  return [JSON.stringify({ ...soak, name, heapFile: join(vitalsDir, `${name}.jsonl`) } satisfies ServiceSoak)];
}

const nameOf = (service: ServiceName, number: number): string => `${service}-${number}`;

/** What an instance sends to a server goes through a link of its own, so that it alone can be cut off. */
async function openLinks(stack: Stack, stages: Stages): Promise<Map<string, Instance['links']>> {
  const open = async (url: string): Promise<Link> => {
    const link = await openLink(url);
    stages.add(() => link.stop());
    return link;
  };
  const links = new Map<string, Instance['links']>();
  for (const service of SERVICES) {
    for (let number = 1; number <= INSTANCES; number += 1) {
      links.set(nameOf(service, number), {
        postgres: await open(stack.databaseUrl),
        redis: await open(stack.redisUrl),
        nats: await open(stack.natsUrl),
      });
    }
  }
  return links;
}

async function isReady({ url }: Instance): Promise<boolean> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await response?.body?.cancel().catch(() => {});
  return response?.ok ?? false;
}

async function call(instance: Instance, path: string, options: CallOptions): Promise<Answer | undefined> {
  const { key, body, method = body === undefined ? 'GET' : 'POST' } = options;
  const headers = {
    ...(key && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...options.headers,
  };
  try {
    const response = await fetch(`${instance.url}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(CALL_MAX_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}
