import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
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
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const bytes = await readFile(join(dir, file)).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    // Lengths first, so that no two sets of files run together into the same bytes.
    if (bytes) hash.update(JSON.stringify([file, bytes.length])).update(bytes);
  }
  return hash.digest('hex') as Digest;
}

/** Every file but what is installed or hidden. Links to folders are followed by no one, so that none leads round. */
async function listFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) files.push(path);
    }
    if (files.length > WORKSPACE_MAX_FILES) {
      throw new WorkspaceError([{ file: '.', path: '', reason: `more than ${WORKSPACE_MAX_FILES} files` }]);
    }
  }
  return files;
}
