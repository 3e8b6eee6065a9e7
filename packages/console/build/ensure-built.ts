import { hash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIST } from './built-app.ts';
import { inProduction } from './config.ts';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(folder));
const STAMP = '.built-from';

/** Everything the built app is made of; the domain's types are gone from it, but what it computes with is not. */
const SOURCES = ['src', 'index.html', 'vite.config.ts', 'package.json', '../shared/src/domain', '../../pnpm-lock.yaml'];

/**
 * Builds the app where its sources are not those it was built from. Two that build at once each build whole, beside the
 * folder, and the later one takes the place.
 */
export async function ensureBuilt(): Promise<'built' | 'current'> {
  const stamp = await stampOf(SOURCES);
  if ((await readFile(join(DIST, STAMP), 'utf8').catch(() => '')) === stamp) return 'current';
  const { build } = await import('vite');
  const fresh = `${DIST}.${process.pid}`;
  await inProduction(() =>
    build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn', build: { outDir: fresh } }),
  );
  await writeFile(join(fresh, STAMP), stamp);
  await takePlace(fresh);
  return 'built';
}

async function takePlace(fresh: string): Promise<void> {
  await rm(DIST, { recursive: true, force: true });
  await rename(fresh, DIST).catch(async () => {
    // Another was faster, with the same sources.
    await rm(fresh, { recursive: true, force: true });
  });
}

async function stampOf(paths: readonly string[]): Promise<string> {
  const files = (await Promise.all(paths.map((path) => filesUnder(join(folder, path))))).flat().sort();
  const lines = files.map(async (file) => {
    const name = relative(root, file).replaceAll(sep, '/');
    return `${name} ${hash('sha256', await readFile(file))}`;
  });
  return hash('sha256', (await Promise.all(lines)).join('\n'));
}

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (entries === undefined) return [path];
  const lists = entries.map((entry) => filesUnder(join(path, entry.name)));
  return (await Promise.all(lists)).flat();
}
