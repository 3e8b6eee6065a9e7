import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCases } from './load-cases.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cases-'));
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  await mkdir(join(dir, 'tenants/bad'), { recursive: true });
  await mkdir(join(dir, 'tenants/none'), { recursive: true });
  const text = (name: string) => `cases: [{ name: ${name}, action: {}, expect: { decision: BLOCK } }]`;
  await writeFile(join(dir, 'tenants/acme/policies.cases.yaml'), text('second'));
  await writeFile(join(dir, 'tenants/acme/a.cases.yaml'), text('first'));
  await writeFile(join(dir, 'tenants/acme/other.yaml'), 'no: cases');
  await writeFile(join(dir, 'tenants/bad/a.cases.yaml'), 'cases: 1');
  await writeFile(join(dir, 'tenants/bad/b.cases.yaml'), 'cases: [');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('every file of cases of a tenant is read, by name, and nothing else', async () => {
  expect((await loadCases(dir, 'acme')).map(({ name }) => name)).toEqual(['first', 'second']);
  expect(await loadCases(dir, 'none')).toEqual([]);
  expect(await loadCases(dir, 'stranger')).toEqual([]);
});

test('what is wrong in any file is told of all of them', async () => {
  await expect(loadCases(dir, 'bad')).rejects.toThrow(/a\.cases\.yaml: cases[\s\S]*b\.cases\.yaml: /);
});
