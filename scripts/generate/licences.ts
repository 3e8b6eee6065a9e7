import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What is shipped: the services, the command line, what a workspace may import, and what browsers are sent. */
const SHIPPED = /^(\.|services\/[a-z]+|packages\/cli|workspace)$/;
/** What the console's build takes into what browsers are sent; it needs none of it afterwards. */
const BUNDLED: readonly string[] = ['react', 'react-dom', '@tanstack/react-query'];

export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

type Versions = Readonly<Record<string, string | { readonly version: string }>>;

interface Dependencies {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

export interface Lockfile {
  readonly importers: Readonly<Record<string, Dependencies>>;
  readonly packages: Readonly<Record<string, { readonly resolution: Readonly<Record<string, string>> }>>;
  readonly snapshots: Readonly<Record<string, Dependencies | null>>;
}

export const readLockfile = async (root: string): Promise<Lockfile> =>
  parse(await readFile(join(root, 'pnpm-lock.yaml'), 'utf8')) as Lockfile;

/** `name@version` of everything that what is shipped depends on; not what only some platforms take. */
export function shippedPackages({ importers, snapshots }: Lockfile): string[] {
  const found = new Set<string>();
  const follow = (importer: string, { dependencies = {} }: Dependencies): void => {
    for (const [name, spec] of Object.entries(dependencies)) {
      const version = typeof spec === 'string' ? spec : spec.version;
      if (version.startsWith('link:')) {
        const linked = join(importer, version.slice('link:'.length));
        if (found.has(linked)) continue;
        found.add(linked);
        follow(linked, importers[linked] ?? {});
      } else {
        // An alias names its package whole.
        const key = Object.hasOwn(snapshots, version) ? version : `${name}@${version}`;
        if (found.has(key)) continue;
        found.add(key);
        follow('', snapshots[key] ?? {});
      }
    }
  };
  for (const [importer, own] of Object.entries(importers)) if (SHIPPED.test(importer)) follow(importer, own);
  const built = Object.entries(importers['packages/console']?.devDependencies ?? {});
  follow('', { dependencies: Object.fromEntries(built.filter(([name]) => BUNDLED.includes(name))) });
  const packages = [...found].filter((key) => Object.hasOwn(snapshots, key)).map((key) => key.replace(/\(.*$/, ''));
  return [...new Set(packages)].sort();
}

/** What is shipped, each with the licence that its own package.json states. @throws where one is not installed */
export async function shippedLicences(root: string): Promise<Licensed[]> {
  const shipped = shippedPackages(await readLockfile(root));
  const installed = await statedLicences(root, new Set(shipped));
  return shipped.map((key) => {
    const licence = installed.get(key);
    if (licence === undefined) throw new Error(`${key} is not installed: its licence is not known`);
    const at = key.lastIndexOf('@');
    return { name: key.slice(0, at), version: key.slice(at + 1), licence };
  });
}

/** By `name@version`. */
async function statedLicences(root: string, wanted: ReadonlySet<string>): Promise<Map<string, string>> {
  const store = join(root, 'node_modules', '.pnpm');
  // `@scope+name@version`, and what its peers are behind an underscore.
  const folders = (await readdir(store)).filter((name) => wanted.has(name.replace(/_.*$/, '').replace('+', '/')));
  const found = await Promise.all(
    folders.map(async (folder): Promise<[string, string] | undefined> => {
      const [, name = ''] = /^(@?[^@]+)@/.exec(folder) ?? [];
      const file = join(store, folder, 'node_modules', name.replace('+', '/'), 'package.json');
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) return undefined;
      const own = JSON.parse(text) as { name: string; version: string; license?: unknown; licenses?: unknown };
      return [`${own.name}@${own.version}`, statedLicence(own)];
    }),
  );
  return new Map(found.filter((one) => one !== undefined));
}

/** Old packages state an object, or several. */
function statedLicence({ license, licenses }: { license?: unknown; licenses?: unknown }): string {
  const typeOf = (one: unknown): string =>
    typeof one === 'string' ? one : String((one as { type?: unknown } | undefined)?.type ?? 'none stated');
  return Array.isArray(licenses) ? licenses.map(typeOf).join(' OR ') : typeOf(license ?? licenses);
}
