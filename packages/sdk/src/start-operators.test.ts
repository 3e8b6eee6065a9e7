import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadOperators } from './start-operators.ts';

const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));
});

async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-operators-'));
  dirs.push(dir);
  await mkdir(join(dir, 'operators'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, 'operators', name), text);
  return dir;
}

it('operators are plain objects, a file each, in the order of their names', async () => {
  const dir = await workspace({
    'b.ts': "export default { name: 'second', tenant: 'zeta', plan: () => null };",
    'a.ts': "export default { name: 'first', events: [{ source: 'shopify' }], plan: () => null };",
    'a.test.ts': 'export {};',
    'notes.md': '',
  });
  const operators = await loadOperators(dir);
  expect(operators.map(({ name, tenant, events }) => ({ name, tenant, events }))).toEqual([
    { name: 'first', tenant: undefined, events: [{ source: 'shopify' }] },
    { name: 'second', tenant: 'zeta', events: [] },
  ]);
});

it('a workspace without operators has none', async () => {
  expect(await loadOperators(join(tmpdir(), 'holdpoint-no-such-folder'))).toEqual([]);
});

it('what is no operator is named by its file, and so are two of one name', async () => {
  const wrong = await workspace({ 'a.ts': "export default { name: 'A B', events: [{ type: 'x' }], plan: 3 };" });
  await expect(loadOperators(wrong)).rejects.toMatchObject({
    issues: [
      { file: 'operators/a.ts', path: 'name' },
      { file: 'operators/a.ts', path: 'events.0.source' },
      { file: 'operators/a.ts', path: 'plan', reason: 'must be a function' },
    ],
  });
  const same = "export default { name: 'risk', plan: () => null };";
  await expect(loadOperators(await workspace({ 'a.ts': same, 'b.ts': same }))).rejects.toMatchObject({
    issues: [{ file: 'operators/b.ts', path: 'name' }],
  });
});
