import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './binaries.ts';
import type { Credentials } from './credentials.ts';
import { ensureDatabase } from './db/databases.ts';
import { pingPostgres } from './db/ping.ts';
import { APP_ROLE, ensureAppRole } from './db/roles.ts';
import { allowPassage, canReach, type Identity, postgresIdentity, reachableHome } from './identity.ts';
import { findPostgres } from './postgres-binaries.ts';
import { type Log, type OpenedServer, openServer } from './server.ts';
import { messageOf, StackError } from './stack-error.ts';

const run = promisify(execFile);
const OWNER = 'postgres';
const DATABASE = 'holdpoint';
const ADMIN_DATABASE = 'postgres';
const INITDB_DEADLINE_MS = 60_000;
const MAX_CONNECTIONS = 300;

export type PostgresServer = OpenedServer & PostgresUrls;

export type PostgresUrls = {
  /** Full rights, on the database `postgres`: for making other databases. */
  readonly adminUrl: string;
  readonly databaseOwnerUrl: string;
  readonly databaseUrl: string;
};

/** Undefined when there is no Postgres for this machine. */
export async function findAndOpenPostgres(
  folder: string,
  credentials: Credentials,
  env: Environment,
  log: Log,
): Promise<PostgresServer | undefined> {
  const place = await placeOf(folder);
  const binaries = await findPostgres(env, place.identity, place.major);
  if (binaries === undefined) return undefined;
  await initialise(binaries.folder, place, credentials.postgresOwner);
  const opened = await openServer(
    {
      name: 'postgres',
      command: join(binaries.folder, 'postgres'),
      cwd: place.data,
      logFile: join(folder, 'postgres.log'),
      pidFile: join(folder, 'postgres.pid'),
      ownPidFiles: [join(place.data, 'postmaster.pid')],
      identity: place.identity,
      // Fast shutdown: ends the sessions, writes a checkpoint.
      stopSignal: 'SIGINT',
      stopDeadlineMs: 4_000,
      readyDeadlineMs: 30_000,
      arrange: (port) => serverArguments(place.data, port),
      probe: (port) => pingPostgres(adminUrl(credentials, port)),
      // A killed postmaster's backends end as soon as they notice.
      passes: (message) => message.includes('shared memory block'),
    },
    log,
  );
  try {
    return { ...opened, ...(await furnishPostgres(credentials, opened.port)) };
  } catch (error) {
    await opened.handle.stop();
    throw error;
  }
}

/** Makes the database and the roles that a new server lacks. */
export async function furnishPostgres(credentials: Credentials, port: number): Promise<PostgresUrls> {
  const admin = adminUrl(credentials, port);
  await ensureDatabase(admin, DATABASE);
  await ensureAppRole(admin, credentials.postgresApp);
  return {
    adminUrl: admin,
    databaseOwnerUrl: ownerUrl(credentials, port, DATABASE),
    databaseUrl: `postgres://${APP_ROLE}:${credentials.postgresApp}@127.0.0.1:${port}/${DATABASE}`,
  };
}

/** On the database `postgres`, which is always there. */
export const adminUrl = (credentials: Credentials, port: number): string => ownerUrl(credentials, port, ADMIN_DATABASE);

const ownerUrl = (credentials: Credentials, port: number, database: string): string =>
  `postgres://${OWNER}:${credentials.postgresOwner}@127.0.0.1:${port}/${database}`;

/** Removes what was put elsewhere because the data folder cannot be reached by Postgres's user. */
export async function removeRelocated(folder: string): Promise<void> {
  const relocated = await readFile(locationFile(folder), 'utf8').catch(() => undefined);
  if (relocated !== undefined) await rm(dirname(relocated), { recursive: true, force: true });
}

type Place = {
  readonly data: string;
  readonly identity: Identity | undefined;
  /** Of the Postgres that wrote the data; undefined when there is none yet. */
  readonly major: number | undefined;
};

/** Where the cluster is or will be: in the folder, or, for root with a private folder, where Postgres's user gets. */
async function placeOf(folder: string): Promise<Place> {
  await mkdir(folder, { recursive: true });
  const relocated = await readFile(locationFile(folder), 'utf8').catch(() => undefined);
  const data = relocated ?? join(folder, 'data');
  const identity = await postgresIdentity(data);
  if (identity !== undefined && relocated === undefined) {
    await allowPassage(dirname(folder));
    await allowPassage(folder);
    if (!(await canReach(folder, identity))) return relocate(folder, identity);
  }
  return { data, identity, major: await majorOf(data) };
}

async function relocate(folder: string, identity: Identity): Promise<Place> {
  const home = join(await reachableHome(), `data-${randomBytes(8).toString('hex')}`);
  await mkdir(home, { mode: 0o711 });
  const data = join(home, 'data');
  await writeFile(locationFile(folder), data, { mode: 0o600 });
  return { data, identity, major: undefined };
}

const locationFile = (folder: string): string => join(folder, 'location');

async function majorOf(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/** Made beside its final place and renamed: an initdb that was cut short leaves nothing that looks like data. */
async function initialise(binaries: string, { data, identity, major }: Place, password: string): Promise<void> {
  if (major !== undefined) return;
  const making = `${data}.new`;
  const passwordFile = `${data}.password`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (identity !== undefined) {
    for (const path of [making, passwordFile]) await chown(path, identity.uid, identity.gid);
  }
  const args = ['--pgdata', making, '--username', OWNER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  try {
    await run(join(binaries, 'initdb'), [...args, '--encoding', 'UTF8', '--locale', 'C'], {
      cwd: making,
      env: { LC_ALL: 'C', PATH: dirname(process.execPath) },
      timeout: INITDB_DEADLINE_MS,
      ...identity,
    });
    await rename(making, data);
  } catch (cause) {
    const told = (cause as { stderr?: string }).stderr?.trim() || messageOf(cause);
    throw new StackError(`postgres: initdb failed: ${told}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function serverArguments(data: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // Short statements only: compiling them costs more than running them.
    jit: 'off',
  };
  return [
    '-D',
    data,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}
