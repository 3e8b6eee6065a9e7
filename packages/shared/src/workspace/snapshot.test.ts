import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropLeftSnapshots, dropSnapshot, takeSnapshot } from './snapshot.ts';
import { stampWorkspace, workspaceVersion } from './version.ts';

let root: string;
let workspace: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'snapshot-test-')));
  workspace = join(root, 'company/workspace');
  await put('company/package.json', '{ "type": "module" }');
  await put('company/node_modules/shared-caps/package.json', '{ "type": "module", "exports": "./index.js" }');
  await put('company/node_modules/shared-caps/index.js', 'export const installed = 1;');
  await put('company/beside.ts', 'export const beside = 2;');
  await put(
    'company/workspace/package.json',
    '{ "name": "our-rules", "type": "module", "exports": { "./*": "./*" }, "imports": { "#lib/*": "./lib/*" } }',
  );
  await put('company/workspace/lib/cap.ts', 'export const cap = 3;');
  await put('company/workspace/lib/cap.json', '{ "json": 6 }');
  await put('company/workspace/.hidden/x.ts', '');
  await put(
    'company/workspace/rules.ts',
    `import { installed } from 'shared-caps';
     import { beside } from '../beside.ts';
     import { cap } from './lib/cap.ts';
     import { cap as named } from 'our-rules/lib/cap.ts';
     import { cap as aliased } from '#lib/cap.ts';
     import data from './lib/cap.json' with { type: 'json' };
     export default [installed, beside, cap, named, aliased, data.json];`,
  );
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

/** What a module of the copy exports, in a thread whose imports are routed. */
function imported(snapshot: { dir: string; origin: string }, file: string): Promise<unknown> {
  const routes = JSON.stringify(new URL('./import-routes.ts', import.meta.url).href);
  const graph = JSON.stringify(new URL('./import-graph.ts', import.meta.url).href);
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
    (async () => {
      const { routeImports } = await import(${routes});
      const { watchImports, withImports } = await import(${graph});
      routeImports(workerData.snapshot);
      watchImports();
      const { default: value } = await import('file://' + workerData.snapshot.dir + '/' + workerData.file);
      parentPort.postMessage({ value, files: withImports(workerData.snapshot.dir, [workerData.file]) });
    })();`,
    { eval: true, workerData: { snapshot, file } },
  );
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)).finally(() =>
    worker.terminate(),
  );
}

describe('a snapshot', () => {
  test('is of one version, without what is hidden or installed, and is gone when dropped', async () => {
    const snapshot = await takeSnapshot(workspace);
    expect(snapshot).toMatchObject({ origin: workspace, version: await workspaceVersion(workspace) });
    expect(await workspaceVersion(snapshot.dir)).toBe(snapshot.version);
    expect(await readFile(join(snapshot.dir, 'lib/cap.ts'), 'utf8')).toBe('export const cap = 3;');
    await dropSnapshot(snapshot);
    await expect(readFile(join(snapshot.dir, '../package.json'))).rejects.toThrow(/ENOENT/);
  });

  test('resolves what the workspace resolves, and keeps what it copied', async () => {
    const snapshot = await takeSnapshot(workspace);
    await put('company/workspace/lib/cap.ts', 'export const cap = 99;');
    expect(await imported(snapshot, 'rules.ts')).toEqual({
      value: [1, 2, 3, 3, 3, 6],
      files: ['rules.ts', 'lib/cap.ts', 'lib/cap.json'],
    });
    await put('company/workspace/lib/cap.ts', 'export const cap = 3;');
    await dropSnapshot(snapshot);
  });

  test('of a process that was killed is removed by another, and one that is in use is not', async () => {
    const inUse = await takeSnapshot(workspace);
    const module = new URL('./snapshot.ts', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { takeSnapshot } = await import(${JSON.stringify(module)});
        console.log((await takeSnapshot(${JSON.stringify(workspace)})).dir);
        setInterval(() => {}, 1_000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      const left = join(said.toString().trim(), 'rules.ts');
      await dropLeftSnapshots();
      expect(await readFile(left, 'utf8')).toContain('installed');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await dropLeftSnapshots()).toBeGreaterThan(0);
      await expect(readFile(left)).rejects.toThrow(/ENOENT/);
      expect(await readFile(join(inUse.dir, 'rules.ts'), 'utf8')).toContain('installed');
    } finally {
      child.kill('SIGKILL');
    }
    await dropSnapshot(inUse);
  });

  test('has a bound', async () => {
    await expect(takeSnapshot(workspace, 100)).rejects.toThrow(/over 100 bytes/);
  });

  test('holds what links lead to, once', async () => {
    const linked = join(root, 'linked');
    await put('data/v1/tenants/acme/policies.ts', 'export default [];');
    await mkdir(linked);
    await symlink(join(root, 'data/v1/tenants'), join(linked, 'tenants'));
    await symlink(linked, join(linked, 'round'));
    await symlink(join(root, 'nowhere'), join(linked, 'nowhere.ts'));
    const stamps = await stampWorkspace(linked);
    expect([...stamps.keys()]).toEqual(['tenants/acme/policies.ts']);
    const snapshot = await takeSnapshot(linked);
    expect(await readFile(join(snapshot.dir, 'tenants/acme/policies.ts'), 'utf8')).toBe('export default [];');
    await dropSnapshot(snapshot);
    await put('data/v2/tenants/acme/policies.ts', 'export default [];');
    await rm(join(linked, 'tenants'));
    await symlink(join(root, 'data/v2/tenants'), join(linked, 'tenants'));
    expect(await stampWorkspace(linked)).not.toEqual(stamps);
  });
});
