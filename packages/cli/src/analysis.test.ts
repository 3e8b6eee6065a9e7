import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHoldpoint } from './testing/run-holdpoint.ts';
import { type StubServices, startStubServices } from './testing/stub-services.ts';

const small = { id: 'small', connector: 'shop', tool: 'refund', appliesUpTo: 50, decision: 'ALLOW' };
const large = { id: 'large', connector: 'shop', tool: 'refund', appliesAbove: 50, decision: 'ALERT' };
const broken = [
  { ...small, appliesUpTo: undefined, maxValue: 50 },
  { ...large, appliesAbove: undefined },
];
const workspace = (policies: unknown) => ({
  'connectors/shop/tools.ts':
    "export default { name: 'shop', tools: { refund: { risk: 'write', value: (args) => args.amount } } };",
  'tenants/acme/policies.ts': `export default ${JSON.stringify(policies)};`,
});

let dir: string;
let stub: StubServices;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'analysis-'));
  const files = {
    good: workspace([small, large]),
    bad: workspace(broken),
    two: {
      ...workspace([small, large]),
      'tenants/beta/policies.ts': "export default [{ id: 'all', connector: 'shop', decision: 'ALLOW' }];",
    },
  };
  for (const [folder, own] of Object.entries(files)) {
    for (const [file, text] of Object.entries(own)) await write(join(folder, file), text);
  }
  await write(
    'lax.json',
    JSON.stringify([
      { ...small, appliesUpTo: 80 },
      { ...large, appliesAbove: 80 },
    ]),
  );
  await write('same.ts', `export default ${JSON.stringify([large, small])};`);
  stub = await startStubServices();
  stub.answer.body = {
    rejected: {
      version: 'w-2',
      at: '',
      issues: [{ file: 'tenants/acme/policies.ts', path: '', reason: 'broken' }],
    },
    version: 'p-1',
    policies: [
      { ...small, when: '(a) => a.value > 1' },
      { id: 'veto', decision: 'BLOCK' },
    ],
  };
});
afterAll(async () => {
  await stub.stop();
  await rm(dir, { recursive: true, force: true });
});

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const holdpoint = (...args: string[]) => runHoldpoint(['policies', ...args], dir);

describe('policies lint', () => {
  test('fails where it finds an error, and shows by which actions and what to write', async () => {
    const { code, out } = await holdpoint('lint', '--workspace', 'bad');
    expect(code).toBe(1);
    expect(out).toContain('error  acme    shadowed_tier  "small" never permits');
    expect(out).toContain('shop refund of 51 by any-operator: BLOCK ("small": 51 is over 50)');
    expect(out).toContain('fix: "small": appliesUpTo 50 in place of maxValue; "large": appliesAbove 50');
    expect(out).toContain('1 error, 0 warning, 0 info');
  });

  test('passes where it finds none, for one tenant or a candidate too, and says so in JSON', async () => {
    expect(await holdpoint('lint', '--workspace', 'good')).toMatchObject({ code: 0 });
    const { code, out } = await holdpoint('lint', '--workspace', 'bad', '--candidate', 'lax.json', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ tenants: [{ tenant: 'acme', findings: [], complete: true }] });
    expect((await holdpoint('lint', '--workspace', 'two', '--candidate', 'lax.json')).code).toBe(2);
    expect(await holdpoint('lint', '--workspace', 'two', '--tenant', 'nobody')).toMatchObject({ code: 1 });
  });
});

describe('policies diff', () => {
  test('of two files tells what one decides otherwise, in place of the workspace’s own', async () => {
    const { code, out } = await holdpoint('diff', 'same.ts', 'lax.json', '--workspace', 'good');
    expect(code).toBe(1);
    expect(out).toContain('shop refund over 50 up to 80: ALERT to reviewer, within 86400 s → ALLOW');
    expect(await holdpoint('diff', 'same.ts', 'same.ts', '--workspace', 'good')).toMatchObject({
      code: 0,
      out: 'every action is decided the same',
    });
  });

  test('of two workspaces tells it of every tenant that either has', async () => {
    expect(await holdpoint('diff', 'good', 'good')).toMatchObject({ code: 0 });
    const { out } = await holdpoint('diff', 'good', 'two', '--json');
    expect(JSON.parse(out).tenants).toMatchObject([
      { tenant: 'acme', looser: [] },
      { tenant: 'beta', looser: [{ before: 'BLOCK', after: 'ALLOW' }] },
    ]);
    expect(await holdpoint('diff', 'good', 'bad')).toMatchObject({ code: 1, out: expect.stringContaining('tighter') });
  });

  test('wants two that are there', async () => {
    expect((await holdpoint('diff', 'good')).code).toBe(2);
    expect((await holdpoint('diff', 'same.ts', 'lax.json', '--workspace', 'two')).code).toBe(2);
    expect(await holdpoint('diff', 'same.ts', 'gone.ts', '--workspace', 'good')).toMatchObject({
      code: 1,
      err: expect.stringContaining('gone.ts: is missing'),
    });
  });
});

test('policies lists those in force', async () => {
  const { code, out } = await holdpoint('--url', stub.url, '--key', 'hp_admin');
  expect(code).toBe(0);
  expect(out).toMatch(/small +ALLOW +shop refund +up to 50 +when/);
  expect(out).toMatch(/veto +BLOCK +everything/);
  expect(out).toContain('not in force, as w-2 of the workspace is refused:\n  tenants/acme/policies.ts: broken');
});
