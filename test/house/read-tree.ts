import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSource, type Source } from './read-source.ts';

const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', 'results']);

/** Every file under the folders, as paths from the root with `/`, sorted. */
export async function listFiles(root: string, folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map((folder) => walk(root, folder)));
  return lists.flat().sort();
}

export async function readSources(root: string, folders: readonly string[]): Promise<Source[]> {
  const files = (await listFiles(root, folders)).filter((path) => /\.(tsx?|mts)$/.test(path));
  return Promise.all(files.map(async (path) => readSource(path, await readFile(join(root, path), 'utf8'))));
}

async function walk(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const lists = entries.map((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci')) return [];
    if (entry.isDirectory()) return walk(root, path);
    return entry.isFile() ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}
