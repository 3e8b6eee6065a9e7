import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the built app lies. */
export const DIST = fileURLToPath(new URL('../dist', import.meta.url));

export interface BuiltFile {
  /** As it is asked for: `/console/assets/index-Cx1.js`. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface BuiltApp {
  readonly indexHtml: string;
  /** Named by their content. */
  readonly assets: readonly BuiltFile[];
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The whole app, to be kept in memory; undefined where nothing is built. */
export async function readBuiltApp(folder = DIST): Promise<BuiltApp | undefined> {
  const indexHtml = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  if (indexHtml === undefined) return undefined;
  const names = (await readdir(join(folder, 'assets'))).sort();
  const assets = names.map(async (name) => ({
    path: `/console/assets/${name}`,
    contentType: CONTENT_TYPES[extname(name)] ?? 'application/octet-stream',
    bytes: await readFile(join(folder, 'assets', name)),
  }));
  return { indexHtml, assets: await Promise.all(assets) };
}
