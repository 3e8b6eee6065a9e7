import { mkdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Environment } from './binaries.ts';
import { environment } from './config.ts';
import { type Engine, findEngine } from './containers.ts';
import { keptCredentials } from './credentials.ts';
import { type Lock, lockFolder } from './lock.ts';
import type { OpenNatsDisk } from './nats.ts';
import {
  MissingServer,
  natsPart,
  type Part,
  type PartContext,
  type PartHow,
  type PartName,
  postgresPart,
  redisPart,
} from './parts.ts';
import { removeRelocated } from './postgres.ts';
import type { Log, ServerHandle } from './server.ts';
import { messageOf, StackError } from './stack-error.ts';

export { StackError } from './stack-error.ts';

export type StackOptions = {
  /** Made when it is not there; it keeps data and passwords, and one stack at a time. */
  readonly dataDir: string;
  readonly log?: Log;
  /** Where DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL, NATS_URL, NATS_CREDS and PATH are read; default: the process's. */
  readonly env?: Environment;
  /** Gives an embedded NATS a disk of its own. */
  readonly openNatsDisk?: OpenNatsDisk;
};

export type Stack = {
  readonly databaseOwnerUrl: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** An embedded server's url carries its user and password. */
  readonly natsUrl: string;
  readonly parts: readonly { readonly name: PartName; readonly how: PartHow; readonly readyMs: number }[];
  /** The embedded servers, for whoever wants to restart or kill one. */
  readonly servers: Readonly<Partial<Record<PartName, ServerHandle>>>;
  /** In reverse order; once, however often it is asked. */
  stop(): Promise<void>;
};

/**
 * Brings up Postgres, NATS and Redis side by side: given by url, else embedded, else in containers. Throws a StackError
 * that names all that is missing, with nothing left running.
 */
export function startStack(options: StackOptions): Promise<Stack> {
  return startStackWith(options, findEngine);
}

/** As `startStack`, with another way to find a container engine. */
export async function startStackWith(
  options: StackOptions,
  engineOf: (dataDir: string) => Promise<Engine | undefined>,
): Promise<Stack> {
  const requested = resolve(options.dataDir);
  await mkdir(requested, { recursive: true, mode: 0o711 });
  const dataDir = await realpath(requested);
  const lock = await lockFolder(dataDir);
  try {
    return await openParts(await contextOf(dataDir, options, engineOf), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Forgets everything a stack kept in its data folder; refused while one runs on it. */
export async function removeStackData(dataDir: string): Promise<void> {
  const folder = await realpath(dataDir).catch(() => undefined);
  if (folder === undefined) return;
  const lock = await lockFolder(folder);
  try {
    await removeRelocated(join(folder, 'postgres'));
    for (const name of ['postgres', 'nats', 'redis', 'credentials.json']) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

async function contextOf(
  dataDir: string,
  options: StackOptions,
  engineOf: (dataDir: string) => Promise<Engine | undefined>,
): Promise<PartContext> {
  let engine: Promise<Engine | undefined> | undefined;
  return {
    dataDir,
    credentials: await keptCredentials(dataDir),
    env: options.env ?? environment(),
    log: options.log ?? (() => {}),
    openNatsDisk: options.openNatsDisk,
    // Looked for at most once, and only when some server needs it.
    engine: () => {
      engine ??= engineOf(dataDir);
      return engine;
    },
  };
}

async function openParts(context: PartContext, lock: Lock): Promise<Stack> {
  const settled = await Promise.allSettled([
    timed(postgresPart(context)),
    timed(natsPart(context)),
    timed(redisPart(context)),
  ]);
  const [postgres, nats, redis] = settled;
  if (postgres.status === 'rejected' || nats.status === 'rejected' || redis.status === 'rejected') {
    const started = settled.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
    await stopAll(started);
    throw oneError(settled.flatMap((part) => (part.status === 'rejected' ? [part.reason as unknown] : [])));
  }
  const parts = { postgres: postgres.value, nats: nats.value, redis: redis.value };
  const named = Object.entries(parts) as [PartName, Timed<unknown>][];
  let stopping: Promise<void> | undefined;
  return {
    ...parts.postgres.urls,
    ...parts.nats.urls,
    ...parts.redis.urls,
    parts: named.map(([name, { how, readyMs }]) => ({ name, how, readyMs })),
    servers: Object.fromEntries(named.flatMap(([name, { handle }]) => (handle === undefined ? [] : [[name, handle]]))),
    stop: () => {
      stopping ??= stopAll(Object.values(parts)).finally(() => lock.release());
      return stopping;
    },
  };
}

type Timed<Urls> = Part<Urls> & { readonly readyMs: number };

async function timed<Urls>(part: Promise<Part<Urls>>): Promise<Timed<Urls>> {
  const from = performance.now();
  return { ...(await part), readyMs: Math.round(performance.now() - from) };
}

/** In reverse order of the parts, each tried even when another fails. */
async function stopAll(parts: readonly Part<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts.toReversed()) await part.stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw oneError(failures);
}

/** What is missing comes first: the rest may follow from it. */
function oneError(failures: readonly unknown[]): StackError {
  const missing = failures.filter((failure) => failure instanceof MissingServer);
  const told = [...missing, ...failures.filter((failure) => !missing.includes(failure as MissingServer))];
  return new StackError(told.map(messageOf).join('\n'), { cause: failures[0] });
}
