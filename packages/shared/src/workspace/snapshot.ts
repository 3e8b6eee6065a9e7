import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Digest } from '../domain/ids.ts';
import { createFilesHash, listFiles } from './version.ts';
import { WorkspaceError } from './workspace-error.ts';

export const SNAPSHOT_MAX_BYTES = 64 * 1024 * 1024;

/** A private copy of a workspace's files: whatever becomes of these, the copy is loaded again and again as the same. */
export interface Snapshot {
  /** Where the copy is; real, for that is what modules are known by. */
  readonly dir: string;
  /** The workspace that it was copied from, real. */
  readonly origin: string;
  /** `workspaceVersion` of the copy. */
  readonly version: Digest;
}

/**
 * Copies every file but what is installed or hidden to a temporary folder.
 * @throws WorkspaceError where the files are too many or too large; what the file system says where they cannot be read
 */
export async function takeSnapshot(workspaceDir: string, maxBytes: number = SNAPSHOT_MAX_BYTES): Promise<Snapshot> {
  const origin = await realpath(workspaceDir);
  const root = await realpath(await mkdtemp(join(tmpdir(), `${ownPrefix()}${process.pid}-`)));
  const dir = join(root, 'workspace');
  try {
    await mkdir(dir);
    await copyModuleType(dirname(origin), root);
    const hash = createFilesHash();
    let left = maxBytes;
    for (const file of (await listFiles(origin)).sort()) {
      const bytes = await readFile(join(origin, file));
      left -= bytes.length;
      if (left < 0) throw new WorkspaceError([{ file, path: '', reason: `the files are over ${maxBytes} bytes` }]);
      hash.add(file, bytes);
      await mkdir(dirname(join(dir, file)), { recursive: true });
      await writeFile(join(dir, file), bytes, { mode: 0o600 });
    }
    return { dir, origin, version: hash.digest() };
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

/** What stands above a workspace says what its modules are, unless it says so itself. */
async function copyModuleType(above: string, to: string): Promise<void> {
  for (let folder = above; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const { type } = JSON.parse(text) as { type?: unknown };
      return writeFile(join(to, 'package.json'), JSON.stringify({ type }));
    }
    if (folder === dirname(folder)) return;
  }
}

/** Of this machine: another may share the folder, and its processes are not known here. */
function ownPrefix(): string {
  return `holdpoint-rules-${hostname().replaceAll(/[^A-Za-z0-9]/g, '_')}-`;
}

/** Removes what processes of this machine left behind that were killed. Returns how many copies. */
export async function dropLeftSnapshots(): Promise<number> {
  const prefix = ownPrefix();
  const left = (await readdir(tmpdir())).filter((name) => {
    const pid = name.startsWith(prefix) ? /^([1-9][0-9]{0,9})-/.exec(name.slice(prefix.length))?.[1] : undefined;
    return pid !== undefined && !isRunning(Number(pid));
  });
  await Promise.all(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })));
  return left.length;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export async function dropSnapshot({ dir }: Pick<Snapshot, 'dir'>): Promise<void> {
  await rm(dirname(dir), { recursive: true, force: true });
}
