import { posix } from 'node:path';
import type { Import, Source } from './read-source.ts';

/** Where each workspace package's subpaths lie: `@holdpoint/sdk/client` is `packages/sdk/src/client.ts`. */
export type Packages = ReadonlyMap<string, (subpath: string) => string>;

export const PACKAGES: Packages = new Map([
  ...['shared', 'policy', 'sdk', 'cli', 'stack'].map((name) => [name, inSrc(`packages/${name}`)] as const),
  ...['ingest', 'evaluator', 'executor', 'approvals'].map((name) => [name, inSrc(`services/${name}`)] as const),
  ['console', (subpath: string) => `packages/console/build/${subpath}.ts`],
  ['workspace', (subpath: string) => `workspace/${subpath}.ts`],
]);

function inSrc(folder: string): (subpath: string) => string {
  return (subpath) => `${folder}/src/${subpath}.ts`;
}

/** The file of ours that an import names; undefined for a package from elsewhere. */
export function resolveImport(source: Source, { from }: Import): string | undefined {
  if (from.startsWith('.')) return posix.join(posix.dirname(source.path), from);
  const [, name, subpath] = /^@holdpoint\/([a-z]+)\/(.+)$/.exec(from) ?? [];
  return name !== undefined && subpath !== undefined ? PACKAGES.get(name)?.(subpath) : undefined;
}

/** Every group of files that import each other in a circle, types included: a circle has no first thing to read. */
export function importCycles(sources: readonly Source[]): string[][] {
  const known = new Set(sources.map(({ path }) => path));
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.flatMap((one) => resolveImport(source, one) ?? []).filter((path) => known.has(path)),
    ]),
  );
  return stronglyConnected(edges).filter(
    ([first = '', ...others]) => others.length > 0 || edges.get(first)?.includes(first),
  );
}

/** Tarjan's algorithm. */
function stronglyConnected(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];

  function visit(node: string): void {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== order.get(node)) return;
    groups.push(stack.splice(stack.indexOf(node)).sort());
  }

  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return groups;
}
