import { execFile } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NOBODY: Identity = { uid: 65_534, gid: 65_534 };

/** Where root keeps what an unprivileged server must reach when the checkout or the data folder is private. */
export const REACHABLE_HOME = '/var/lib/holdpoint';

export type Identity = { readonly uid: number; readonly gid: number };

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Whom Postgres runs as: undefined (ourselves) unless we are root, whom Postgres refuses. The owner of existing data
 * goes first, so that a `postgres` user who appears later does not lock the data out.
 */
export async function postgresIdentity(existingData: string): Promise<Identity | undefined> {
  if (!isRoot()) return undefined;
  const owner = await stat(existingData).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await userNamed('postgres')) ?? NOBODY;
}

/** Whether that user can pass through a folder: asked of the kernel, which alone knows modes, ACLs and mounts. */
export async function canReach(folder: string, identity: Identity | undefined): Promise<boolean> {
  if (identity === undefined) return true;
  return run('/bin/sh', ['-c', 'test -x "$0"', folder], { ...identity, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/** Lets others pass through (not list) a folder that was handed to us to keep data in. */
export async function allowPassage(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  if ((mode & 0o011) !== 0o011) await chmod(folder, (mode & 0o777) | 0o011);
}

export async function reachableHome(): Promise<string> {
  await mkdir(REACHABLE_HOME, { recursive: true, mode: 0o755 });
  return REACHABLE_HOME;
}

async function userNamed(name: string): Promise<Identity | undefined> {
  const ask = async (flag: string): Promise<number> => Number((await run('id', [flag, name])).stdout);
  return Promise.all([ask('-u'), ask('-g')]).then(
    ([uid, gid]) => ({ uid, gid }),
    () => undefined,
  );
}
