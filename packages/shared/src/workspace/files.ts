import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NAME_PATTERN } from '../domain/names.ts';
import { WorkspaceError } from './workspace-error.ts';

export const FILE_MAX_BYTES = 1024 * 1024;
/** A workspace's file is code: one that waits for something at its top level must not hold up a service for ever. */
const IMPORT_MAX_MS = 20_000;

/** The folders under `folder`, sorted; each is a tenant or a connector and so must be a name. Absent: none. */
export async function listFolders(dir: string, folder: string, maxCount: number): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readFolder(join(dir, folder))) {
    if (entry.startsWith('.') || entry === 'node_modules') continue;
    const found = await stat(join(dir, folder, entry)).catch(() => undefined);
    if (!found?.isDirectory()) continue;
    if (!NAME_PATTERN.test(entry)) {
      const reason = 'the folder must be named with 1–63 of a–z, 0–9, _ and -, beginning with a letter or a digit';
      throw new WorkspaceError([{ file: `${folder}/${entry}`, path: '', reason }]);
    }
    names.push(entry);
  }
  if (names.length > maxCount) {
    throw new WorkspaceError([{ file: folder, path: '', reason: `${names.length} folders; at most ${maxCount}` }]);
  }
  return names.sort();
}

async function readFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/**
 * What a file exports as default, or undefined where there is no such file. A thread imports a file once and keeps it:
 * what must see a change loads the workspace in a new thread or process.
 */
export async function readDefault(dir: string, file: string): Promise<{ readonly value: unknown } | undefined> {
  const path = resolve(dir, file);
  const found = await stat(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (!found) return undefined;
  if (found.size > FILE_MAX_BYTES) {
    throw new WorkspaceError([{ file, path: '', reason: `${found.size} bytes; at most ${FILE_MAX_BYTES}` }]);
  }
  const module = await importWithin(path, file);
  if (!('default' in module)) throw new WorkspaceError([{ file, path: '', reason: 'has no default export' }]);
  return { value: module.default };
}

async function importWithin(path: string, file: string): Promise<object> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const reason = `was not loaded within ${IMPORT_MAX_MS} ms`;
    timer = setTimeout(() => reject(new WorkspaceError([{ file, path: '', reason }])), IMPORT_MAX_MS);
  });
  try {
    const loading = import(/* @vite-ignore */ pathToFileURL(path).href) as Promise<object>;
    return await Promise.race([loading, late]);
  } catch (cause) {
    if (cause instanceof WorkspaceError) throw cause;
    const reason = `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new WorkspaceError([{ file, path: '', reason }], { cause });
  } finally {
    clearTimeout(timer);
  }
}

export function isAbsent(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
