import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openConnectors } from '../src/worker/connectors.ts';
import { seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;
const dirs: string[] = [];

beforeAll(async () => {
  harness = await executorHarness();
});
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});
afterAll(() => harness.stop());

async function workspace(
  run: string,
  given = '{ credentials: { apiKey: "sk_very_secret" } }',
  more: Record<string, string> = {},
): Promise<string> {
  const dir = await writeWorkspace({
    ...more,
    'connectors/alpha/tools.ts': "export default { name: 'alpha', tools: { write: { risk: 'write' } } };",
    'connectors/alpha/run.ts': run,
    'tenants/acme/policies.ts': 'export default [];',
    'tenants/acme/connectors.ts': `export default { alpha: ${given} };`,
  });
  dirs.push(dir);
  return dir;
}

const RUN = 'run: { write: async () => 1 }';
const SLOW = { connectorInitMaxMs: 50, connectorHealthMaxMs: 50, connectorCloseMaxMs: 50, connectorHealthEveryMs: 50 };

const FAULTY = {
  'export default { run: {} };': 'connectors/alpha/run.ts: run.write: is missing; tools.ts declares it',
  [`export default { ${RUN}, reconcile: { gone: () => 'unknown' } };`]:
    'connectors/alpha/run.ts: reconcile.gone: tools.ts does not declare it',
  [`export default { ${RUN}, init: 1 };`]: 'connectors/alpha/run.ts: init: must be a function',
  [`export default { ${RUN}, health: {} };`]: 'connectors/alpha/run.ts: health: must be a function',
  [`export default { ${RUN}, close: 'x' };`]: 'connectors/alpha/run.ts: close: must be a function',
  [`export default { ${RUN}, init() { throw new Error('no luck'); } };`]: 'connectors/alpha/run.ts: init: no luck',
  [`export default { ${RUN}, init: ({ tenants }) => tenants.acme.secret('token') };`]:
    'connectors/alpha/run.ts: init: tenant acme gives alpha no secret token',
  [`export default { ${RUN}, init({ tenants }) { throw 'bad ' + tenants.acme.secret('apiKey'); } };`]:
    'connectors/alpha/run.ts: init: threw bad •••',
  [`export default { ${RUN}, init: () => new Promise(() => {}) };`]:
    'connectors/alpha/run.ts: init: took longer than 50 ms',
};

test.each(Object.entries(FAULTY))('a faulty connector does not start: %s', async (run, said) => {
  const limits = { initMaxMs: 50, healthMaxMs: 50, closeMaxMs: 50 };
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  const options = { environment: {}, privateNetwork: 'refuse', limits, logger, onStray() {} } as const;
  await expect(openConnectors({ dir: await workspace(run), ...options })).rejects.toMatchObject({
    name: 'WorkspaceError',
    message: said,
  });
});

test('the process says in one line what is wrong with a connector, and ends with 78', async () => {
  const { databaseUrl, redisUrl, natsUrl } = harness.config();
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NATS_URL: natsUrl,
      HOLDPOINT_WORKSPACE: await workspace(`export default { ${RUN}, init() { throw new Error('no luck'); } };`),
      PORT: '0',
    },
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect({ said, code }).toEqual({ said: 'connectors/alpha/run.ts: init: no luck\n', code: 78 });
}, 30_000);

test('how a connector is shows in readyz and metrics, and makes the service no less ready', async () => {
  const state = `globalThis[Symbol.for('test of health')]`;
  const shared = { ill: false, asked: 0, rounds: 0, hang: undefined as (() => void) | undefined, hangs: false };
  Object.assign(globalThis, { [Symbol.for('test of health')]: shared });
  const beside = {
    'connectors/beta/tools.ts': "export default { name: 'beta', tools: {} };",
    'connectors/beta/run.ts': `export default { run: {}, health() { ${state}.rounds += 1; } };`,
  };
  const alpha = `export default { ${RUN}, async health({ tenants }) {
    ${state}.asked += 1;
    if (${state}.hangs) await new Promise((resolve) => { ${state}.hang = resolve; });
    if (${state}.ill) throw new Error('refused ' + tenants.acme.secret('apiKey') + 'x'.repeat(1000));
  } };`;
  const dir = await workspace(alpha, undefined, beside);
  const { url, stop } = await harness.start({ workspaceDir: dir }, SLOW);
  const ready = async () => {
    const response = await fetch(`${url}/readyz`);
    const { status, checks } = (await response.json()) as { status: string; checks: Record<string, string> };
    return { code: response.status, status, alpha: checks['connector:alpha'] };
  };
  const metric = async () =>
    /connector_healthy\{.*connector="alpha".*\} (\d)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  const well = { code: 200, status: 'ready', alpha: 'ok' };
  await expect.poll(metric).toBe('1');
  expect(await ready()).toEqual(well);
  shared.ill = true;
  await expect.poll(metric).toBe('0');
  const ill = await ready();
  expect(ill).toMatchObject({ code: 200, status: 'ready' });
  expect(ill.alpha).toMatch(/^failing: refused •••x+$/);
  expect(ill.alpha?.length).toBeLessThanOrEqual(200);
  Object.assign(shared, { ill: false, hangs: true });
  await expect.poll(async () => (await ready()).alpha).toBe('failing: took longer than 50 ms');
  // While it is left behind the others are asked, and it is not.
  const { asked, rounds } = shared;
  await expect.poll(() => shared.rounds).toBeGreaterThan(rounds + 2);
  expect(shared.asked).toBe(asked);
  shared.hangs = false;
  shared.hang?.();
  await expect.poll(ready).toEqual(well);
  await stop();
});

test('a connector is closed after its calls when the process drains, and one that hangs is left behind', async () => {
  const closed = Symbol.for('test of close');
  const dir = await workspace(`export default { ${RUN},
    close() { globalThis[Symbol.for('test of close')] = true; return new Promise(() => {}); } };`);
  const { stop } = await harness.start({ workspaceDir: dir }, SLOW);
  await stop();
  expect(Reflect.get(globalThis, closed)).toBe(true);
  expect(harness.logs.some((line) => line.includes('a connector did not close as it should'))).toBe(true);
});

test('a private address is refused for good unless the tenant or the process allows it', async () => {
  const run = `export default { run: { write: async ({ url }, ctx) => {
    const body = JSON.stringify({ what: 'start', action: ctx.actionId });
    try { return (await ctx.fetch(url, { method: 'POST', body })).status; }
    catch (cause) { throw Object.assign(new Error('wrapped', { cause }), { name: 'Unknown' }); }
  } } };`;
  const outcome = async (given: string, over: object = {}) => {
    const { stop } = await harness.start({
      workspaceDir: await workspace(run, given),
      privateNetwork: 'refuse',
      ...over,
    });
    const action = await seedAction(harness.db, { args: { url: harness.observerUrl } });
    await harness.decide([action]);
    const { state, attempts, error, result } = await becomes(
      harness.db,
      action.id,
      'applied',
      'failed',
      'indeterminate',
    );
    await stop();
    return { state, attempts, error, result, seen: harness.observed.some((one) => one.action === action.id) };
  };
  expect(await outcome('{}')).toEqual({
    state: 'failed',
    attempts: 1,
    error: expect.stringContaining('127.0.0.1 is no public address (loopback): allow it by network: { private: true }'),
    result: null,
    seen: false,
  });
  const allowed = { state: 'applied', attempts: 1, error: null, result: 200, seen: true };
  expect(await outcome('{ network: { private: true } }')).toEqual(allowed);
  expect(await outcome('{}', { privateNetwork: 'allow' })).toEqual(allowed);
}, 60_000);
