import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { loadPeople } from './people.ts';
import { loadTenantPolicies } from './tenant-policies.ts';

const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

async function workspace(people: Readonly<Record<string, unknown>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-people-'));
  dirs.push(dir);
  for (const [tenant, value] of Object.entries({ acme: undefined, beta: undefined, ...people })) {
    await mkdir(join(dir, 'tenants', tenant), { recursive: true });
    await writeFile(
      join(dir, 'tenants', tenant, 'policies.ts'),
      "export default [{ connector: 'shop', decision: 'ALLOW' }];",
    );
    if (value) {
      await writeFile(join(dir, 'tenants', tenant, 'people.ts'), `export default ${JSON.stringify(value)};`);
    }
  }
  return dir;
}

test('each tenant says how its people are known; one that does not says nothing', async () => {
  const acme = { tokens: ['7c2f-tenant'], audiences: { reviewer: ['group 1', '9a'], ops: [] } };
  expect(await loadPeople(await workspace({ acme }))).toEqual(new Map([['acme', acme]]));
  expect(await loadPeople('/nowhere')).toEqual(new Map());
});

test.each<[string, Record<string, unknown>, string, RegExp]>([
  ['a member it does not know', { acme: { groups: [] } }, 'groups', /unknown key/],
  ['values that are no list', { acme: { audiences: { reviewer: 'g-1' } } }, 'audiences.reviewer', /array/],
  ['an empty value', { acme: { audiences: { reviewer: [''] } } }, 'audiences.reviewer.0', /./],
  [
    'the right over all tenants',
    { acme: { audiences: { 'holdpoint-platform': ['g-1'] } } },
    'audiences.holdpoint-platform',
    /./,
  ],
  ['a value that another tenant has', { acme: { tokens: ['t'] }, beta: { tokens: ['t'] } }, 'tokens.0', /acme's/],
  ["another tenant's name", { beta: { tokens: ['acme'] } }, 'tokens.0', /the tenant acme's/],
])('people.ts is refused for %s, with path and reason', async (_, people, path, reason) => {
  const error = await loadPeople(await workspace(people)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    issues: [
      {
        file: expect.stringMatching(/^tenants\/(acme|beta)\/people\.ts$/),
        path,
        reason: expect.stringMatching(reason),
      },
    ],
  });
});

test('has no say in the version of the policies', async () => {
  const dir = await workspace({});
  const version = async () => (await loadTenantPolicies(dir)).get('acme')?.version;
  const before = await version();
  await writeFile(join(dir, 'tenants/acme/people.ts'), "export default { audiences: { reviewer: ['g'] } };");
  expect(await version()).toBe(before);
});
