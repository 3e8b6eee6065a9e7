import { registerHooks } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const EDGES_MAX = 100_000;

/** Who imports whom in this thread, by URL, since the first call of `watchImports`. Modules are kept as long. */
const imports = new Map<string, Set<string>>();
let edges = 0;
let watching = false;

/** Notes from now on what modules import; to be called before those in question are. */
export function watchImports(): void {
  if (watching) return;
  watching = true;
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (context.parentURL !== undefined) note(context.parentURL, found.url);
      return found;
    },
  });
}

function note(from: string, to: string): void {
  if (!to.startsWith('file:') || to.includes('/node_modules/') || edges >= EDGES_MAX) return;
  const known = imports.get(from) ?? new Set();
  if (known.has(to)) return;
  edges += 1;
  imports.set(from, known.add(to));
}

/** The files and all that they import, of those within the folder, which is real; relative to it. */
export function withImports(dir: string, files: readonly string[]): string[] {
  const seen = new Set(files.map((file) => pathToFileURL(`${dir}${sep}${file}`).href));
  for (const url of seen) for (const imported of imports.get(url) ?? []) seen.add(imported);
  return [...seen]
    .map((url) => relative(dir, fileURLToPath(url)).split(sep).join('/'))
    .filter((file) => file !== '..' && !file.startsWith('../'));
}
