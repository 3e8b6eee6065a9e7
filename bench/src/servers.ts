import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@holdpoint/shared/db/migrate';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats, ensureStreams, type Nats } from '@holdpoint/shared/runtime/nats';
import { copyDatabase, dropDatabase, ensureDatabase, sealTemplate } from '@holdpoint/stack/db/databases';
import { natsVersion } from '@holdpoint/stack/nats';
import { redisVersion } from '@holdpoint/stack/redis';
import { removeStackData, type Stack, startStack } from '@holdpoint/stack/stack';
import pg from 'pg';

const TEMPLATE = 'bench_template';

/** A database of one run. */
export interface RunDatabase {
  readonly ownerUrl: string;
  /** The restricted role that the services run as. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Private servers with the durable settings that `npm start` uses; emptied before each run. */
export interface Servers {
  readonly folder: string;
  readonly stack: Stack;
  readonly nats: Nats;
  readonly adminUrl: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Statements can be timed: pg_stat_statements is there. */
  readonly timesStatements: boolean;
  /** With our schema, or empty for a peer. */
  database(schema: 'ours' | 'none'): Promise<RunDatabase>;
  /** Forgets every message, and makes the streams anew. */
  emptyNats(): Promise<void>;
  stop(): Promise<void>;
}

export async function startServers(log: (line: string) => void): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'holdpoint-bench-'));
  // Never servers that somebody named by url: these are emptied again and again.
  const stack = await startStack({ dataDir: join(folder, 'stack'), log, env: { PATH: process.env.PATH } });
  const adminUrl = onDatabase(stack.databaseOwnerUrl, 'postgres');
  const timesStatements = await loadStatementTimes(stack, adminUrl);
  await ensureDatabase(adminUrl, TEMPLATE);
  await migrate(onDatabase(stack.databaseOwnerUrl, TEMPLATE));
  await sealTemplate(adminUrl, TEMPLATE);
  const logger = createLogger({ service: 'bench', level: 'warn', instance: 'bench' });
  const nats = await connectNats({ url: stack.natsUrl, name: 'bench', logger });
  return {
    folder,
    stack,
    nats,
    adminUrl,
    timesStatements,
    versions: await versionsOf(stack, adminUrl),
    async database(schema) {
      const name = `bench_${randomBytes(6).toString('hex')}`;
      await copyDatabase(adminUrl, schema === 'ours' ? TEMPLATE : 'template1', name);
      return {
        ownerUrl: onDatabase(stack.databaseOwnerUrl, name),
        url: onDatabase(stack.databaseUrl, name),
        drop: () => dropDatabase(adminUrl, name),
      };
    },
    async emptyNats() {
      for await (const { config } of nats.jsm.streams.list()) await nats.jsm.streams.delete(config.name);
      await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
    },
    async stop() {
      await nats.close();
      await stack.stop();
      await removeStackData(join(folder, 'stack'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Loads it where this Postgres has it, switched off: only a profiled run pays for it. */
async function loadStatementTimes(stack: Stack, adminUrl: string): Promise<boolean> {
  const there = await asked(adminUrl, "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'");
  if (there.length === 0 || !stack.servers.postgres) return false;
  await asked(adminUrl, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
  await asked(adminUrl, "ALTER SYSTEM SET pg_stat_statements.track = 'none'");
  await stack.servers.postgres.restart();
  await asked(adminUrl, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  return true;
}

export async function asked<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function versionsOf(stack: Stack, adminUrl: string): Promise<Record<string, string>> {
  const [postgres] = await asked<{ server_version: string }>(adminUrl, 'SHOW server_version');
  return {
    postgres: postgres?.server_version ?? 'unknown',
    redis: await redisVersion(stack.redisUrl),
    nats: await natsVersion(stack.natsUrl),
  };
}

function onDatabase(url: string, name: string): string {
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
