import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Row, type Seeded, seedAction, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';

let harness: Harness;
let workspaceDir: string;
let service: string;

/** A connector whose `after` does as the arguments say. What it finds is told in its log. */
const FILES = {
  'connectors/bank/tools.ts': `export default { name: 'bank', tools: {
    pay: { risk: 'write', timeoutMs: 300 },
    quick: { risk: 'write', timeoutMs: 300 },
    look: { risk: 'read' },
  } };`,
  'connectors/bank/run.ts': `
    const fail = (name) => Object.assign(new Error(name), { name });
    async function run(args) {
      if (args.throws) throw fail(args.throws);
      return { id: 7 };
    }
    async function after(result, args, ctx) {
      ctx.log.info({ result, attempt: ctx.attempt, action: ctx.actionId }, 'after was told');
      if (args.rests) ctx.rest(args.rests);
      if (args.fails) throw fail(args.fails);
      if (args.hangs) await new Promise(() => {});
      if (args.keeps) return undefined;
      return { ...result, note: ctx.secret('key') };
    }
    const reconcile = async (args) => args.says;
    export default { run: { pay: run, quick: run, look: run }, reconcile: { pay: reconcile }, after: { pay: after, look: after } };`,
  'tenants/acme/policies.ts': 'export default [];',
  'tenants/acme/connectors.ts': "export default { bank: { credentials: { key: { secret: 'KEY' } } } };",
};

beforeAll(async () => {
  harness = await executorHarness();
  workspaceDir = await writeWorkspace(FILES);
  const limits = { settleDelayMs: 0, leaseMs: 800 };
  const started = await harness.start({ workspaceDir, secretEnvironment: { KEY: 'sk_very_secret' } }, limits);
  service = started.url;
});
afterAll(async () => {
  await harness.stop();
  await rm(workspaceDir, { recursive: true, force: true });
});

async function begin(args: Row = {}, over: Parameters<typeof seedAction>[1] = {}): Promise<Seeded> {
  const action = await seedAction(harness.db, { connector: 'bank', tool: 'pay', args, ...over });
  await harness.decide([action], 'bank');
  return action;
}

async function failures(tool: string): Promise<number> {
  const text = await (await fetch(`${service}/metrics`)).text();
  const line = text
    .split('\n')
    .find((one) => one.startsWith('holdpoint_after_failures_total{') && one.includes(`"${tool}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const toldOf = ({ id }: Seeded) => harness.logs.filter((line) => line.includes('after was told') && line.includes(id));

test('what after makes of a result is what is recorded, without the secrets that it put in', async () => {
  const action = await begin();
  expect((await becomes(harness.db, action.id, 'applied')).result).toEqual({ id: 7, note: '•••' });
  expect(toldOf(action)).toHaveLength(1);
});

test('an after that gives nothing leaves the result as it is, and a tool without one is not asked', async () => {
  const [kept, quick] = [await begin({ keeps: true }), await begin({}, { tool: 'quick' })];
  expect((await becomes(harness.db, kept.id, 'applied')).result).toEqual({ id: 7 });
  expect((await becomes(harness.db, quick.id, 'applied')).result).toEqual({ id: 7 });
  expect(toldOf(quick)).toEqual([]);
});

test.each([
  ['throws', { fails: 'Error' }],
  ['says that the call was refused', { fails: 'Terminal' }],
  ['asks for another try', { fails: 'Retryable' }],
])('an after that %s changes no outcome, and is counted', async (_, args) => {
  const before = await failures('pay');
  const action = await begin(args);
  const row = await becomes(harness.db, action.id, 'applied', 'failed', 'indeterminate');
  expect(row).toMatchObject({ state: 'applied', result: { id: 7 }, attempts: 1 });
  expect(await failures('pay')).toBe(before + 1);
  expect(harness.logs.join('')).toContain('what follows from a result failed');
});

test('an after that does not end is left behind when its time is up, and the action is applied', async () => {
  const before = await failures('pay');
  const action = await begin({ hangs: true });
  expect(await becomes(harness.db, action.id, 'applied')).toMatchObject({ result: { id: 7 }, attempts: 1 });
  expect(await failures('pay')).toBe(before + 1);
});

test('after a question that found the result it runs too, and what it gives is recorded', async () => {
  const action = await begin({ throws: 'Unknown', says: { applied: { id: 9 } } });
  const row = await becomes(harness.db, action.id, 'applied');
  expect(row).toMatchObject({ result: { id: 9, note: '•••' }, attempts: 2, unsure: false });
  expect(toldOf(action)).toHaveLength(1);
});

test('a question that found no result, or that it did not happen, has nothing to follow', async () => {
  const settled = await begin({ throws: 'Unknown', says: 'applied' });
  expect(await becomes(harness.db, settled.id, 'applied')).toMatchObject({ result: null });
  const unknown = await begin({ throws: 'Unknown', says: 'unknown' });
  await becomes(harness.db, unknown.id, 'indeterminate');
  const refused = await begin({ throws: 'Terminal' });
  await becomes(harness.db, refused.id, 'failed');
  for (const action of [settled, unknown, refused]) expect(toldOf(action)).toEqual([]);
});

test('a read has its after as well', async () => {
  const action = await begin({}, { tool: 'look', risk: 'read' });
  expect((await becomes(harness.db, action.id, 'applied')).result).toEqual({ id: 7, note: '•••' });
});

test('an after may say that the allowance is used up, whether it fails then or not', async () => {
  for (const more of [{}, { fails: 'Error' }]) {
    const tenant = `rests-${Object.keys(more).length}`;
    const action = await begin({ rests: 60, keeps: true, ...more }, { tenant });
    await becomes(harness.db, action.id, 'applied');
    const said = () => harness.logs.some((line) => line.includes('asked for time') && line.includes(tenant));
    await expect.poll(said, { timeout: 5_000 }).toBe(true);
  }
});
