import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Snapshot } from './snapshot.ts';

/**
 * Makes the modules of a snapshot resolve as those of its workspace do: what they import of the workspace is the copy's, and
 * what lies outside of it (packages, files beside the workspace) is found from where the workspace is. For this thread, before
 * anything of it is imported.
 */
export function routeImports({ dir, origin }: Pick<Snapshot, 'dir' | 'origin'>): void {
  const copy = folderUrl(dir);
  const original = folderUrl(origin);
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      if (!parentURL?.startsWith(copy)) return next(specifier, context);
      if (/^\.{0,2}\//.test(specifier)) {
        const target = new URL(specifier, parentURL).href;
        if (target.startsWith(copy)) return next(specifier, context);
      }
      const asOriginal = original + parentURL.slice(copy.length);
      const found = next(specifier, { ...context, parentURL: asOriginal });
      if (!found.url.startsWith(original) || found.url.includes('/node_modules/')) return found;
      // By a package's own name, or round by the outside: still the workspace.
      return next(copy + found.url.slice(original.length), context);
    },
  });
}

function folderUrl(dir: string): string {
  return `${pathToFileURL(dir).href}/`;
}
