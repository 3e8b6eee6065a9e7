import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../domain/ids.ts';
import { isAbsent } from './files.ts';
import { WorkspaceError } from './workspace-error.ts';

const WORKSPACE_MAX_FILES = 10_000;

/** The hash of every file of a workspace: another one means that it is to be loaded again. */
export async function workspaceVersion(dir: string): Promise<Digest> {
  return hashFiles(dir, await listFiles(dir));
}

/** SHA-256 over relative paths and bytes, in the order of the paths. A missing file is left out. */
export async function hashFiles(dir: string, files: readonly string[]): Promise<Digest> {
  const hasher = createFilesHash();
  for (const file of [...files].sort()) {
    const bytes = await readFile(join(dir, file)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (bytes) hasher.add(file, bytes);
  }
  return hasher.digest();
}

/** The same hash, for who reads the files anyway: each once, in the order of the paths. */
export function createFilesHash(): { add(file: string, bytes: Uint8Array): void; digest(): Digest } {
  const hash = createHash('sha256');
  return {
    add(file, bytes) {
      // Lengths first, so that no two sets of files run together into the same bytes.
      hash.update(JSON.stringify([file, bytes.length])).update(bytes);
    },
    digest: () => hash.digest('hex') as Digest,
  };
}

/** What changes with a workspace's files, read off their folders: cheap, so that it may be asked every second. By path. */
export async function stampWorkspace(dir: string): Promise<ReadonlyMap<string, string>> {
  const stamps = new Map<string, string>();
  for (const file of (await listFiles(dir)).sort()) {
    const found = await stat(join(dir, file), { bigint: true }).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (found) stamps.set(file, `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`);
  }
  return stamps;
}

/** Every file but what is installed or hidden, links followed, as loading follows them; a link that leads round is passed over. */
export async function listFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [{ folder: '', above: [await realpath(dir)] }];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const { folder, above } = next;
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      // A link that leads nowhere is no file.
      const found = entry.isSymbolicLink() ? await stat(join(dir, path)).catch(() => undefined) : entry;
      if (found?.isDirectory()) {
        const real = await realpath(join(dir, path));
        if (!above.includes(real)) folders.push({ folder: path, above: [...above, real] });
      } else if (found?.isFile()) files.push(path);
    }
    if (files.length > WORKSPACE_MAX_FILES) {
      throw new WorkspaceError([{ file: '.', path: '', reason: `more than ${WORKSPACE_MAX_FILES} files` }]);
    }
  }
  return files;
}
