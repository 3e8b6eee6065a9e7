import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterActionConsumer } from '@holdpoint/shared/messages/consumers';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { outcomeSubject } from '@holdpoint/shared/messages/subjects';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

let kit: Kit;
let ranFile: string;
const running: RunningService[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  kit = await createKit({ ...WORKSPACE, 'tenants/zeta/policies.ts': 'export default [];' });
  ranFile = join(kit.workspaceDir, 'ran');
});
beforeEach(() => writeFile(ranFile, ''));
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((service) => service.stop()));
});
afterAll(() => kit.stop());

/** An instance with these hooks on actions, by tenant. */
async function startWith(hooks: Readonly<Record<string, string>>): Promise<RunningService> {
  for (const tenant of ['acme', 'zeta']) {
    await mkdir(join(kit.workspaceDir, 'tenants', tenant), { recursive: true });
    const text = `export default { actions: [${hooks[tenant] ?? ''}] };`;
    await writeFile(join(kit.workspaceDir, `tenants/${tenant}/hooks.ts`), text);
  }
  return start();
}

async function start(): Promise<RunningService> {
  const service = await kit.start();
  running.push(service);
  return service;
}

let hookCount = 0;

/** An `after` hook under a name of its own that writes down each of its runs, then goes on as it is told. */
function noting(body = '', rest = ''): string {
  hookCount += 1;
  return `{ id: 'note-${hookCount}', ${rest} after: async (outcome, ctx) => {
    const { appendFileSync } = await import('node:fs');
    const { threadId } = await import('node:worker_threads');
    appendFileSync(${JSON.stringify(ranFile)}, JSON.stringify({ ...outcome, attempt: ctx.attempt, threadId }) + '\\n');
    ${body}
  } }`;
}

interface Ran {
  readonly action_id: string;
  readonly tool: string;
  readonly tenant: string;
  readonly attempt: number;
  readonly threadId: number;
}

async function ran(): Promise<Ran[]> {
  const text = await readFile(ranFile, 'utf8');
  return text.split('\n').flatMap((one) => (one ? [JSON.parse(one) as Ran] : []));
}

let planCount = 0;
/** Tells of outcomes, as the executor does when it has recorded them. */
async function tell(
  count: number,
  over: object = {},
  tenant = 'acme',
  operator = 'risk',
  subject = outcomeSubject(tenant, 'applied', operator),
): Promise<string[]> {
  planCount += 1;
  const plan_id = `told-${planCount}`;
  const items = Array.from({ length: count }, (_, index) => ({
    action_id: `${plan_id}-${index}`,
    plan_id,
    index,
    outcome: 'applied',
    ok: true,
    result: { refunded: index },
    decision: 'ALLOW',
    attempts: 1,
    at: '2026-06-01T00:00:00.000Z',
    connector: 'shop',
    tool: 'orders.refund',
    entity_key: 'order:1',
    idempotency_key: `${plan_id}-${index}`,
    ...over,
  }));
  const body = JSON.stringify({ id: plan_id, tenant, operator, plan_id, items });
  await kit.nats.js.publish(subject, body);
  return items.map(({ action_id }) => action_id);
}

async function settled(hook: string, tenant = 'acme'): Promise<boolean> {
  const { stream, config } = afterActionConsumer(tenant, hook);
  const info = await kit.nats.jsm.consumers.info(stream, config.durable_name);
  return info.num_pending === 0 && info.num_ack_pending === 0;
}
const note = () => `note-${hookCount}`;

async function counted(service: RunningService, hook: string, result: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const found = text.split('\n').find((one) => one.includes(`hook="${hook}"`) && one.includes(`result="${result}"`));
  return Number(found?.split(' ').at(-1) ?? 0);
}

test('it is told of each outcome that is its own, once it is recorded, and of no arguments', async () => {
  const service = await startWith({ acme: noting('', "tools: 'orders.re*', operator: 'risk',") });
  const plan = { plan_id: 'blocked', operator: 'risk' };
  const actions = [line('orders.refund', { args: { amount: -1 } }), line('orders.cancel'), line('orders.nothing')];
  const decided = await kit.post(service, '/v1/plans', { ...plan, actions });
  const { decisions } = (await decided.json()) as { decisions: { action_id: string }[] };
  const [applied] = await tell(1);
  await tell(1, { tool: 'orders.hold' });
  await tell(1, {}, 'acme', 'other');
  await tell(1, {}, 'zeta');
  await kit.until(async () => (await ran()).length >= 2 && (await settled(note())));
  const told = await ran();
  expect(told).toHaveLength(2);
  expect(told.find(({ action_id }) => action_id === decisions[0]?.action_id)).toMatchObject({
    tenant: 'acme',
    operator: 'risk',
    connector: 'shop',
    tool: 'orders.refund',
    outcome: 'blocked',
    ok: false,
    error: 'blocked by trust policy',
    attempt: 1,
  });
  const one = told.find(({ action_id }) => action_id === applied);
  expect(one).toMatchObject({ outcome: 'applied', result: { refunded: 0 }, entity_key: 'order:1' });
  expect(one).not.toHaveProperty('args');
  expect(await counted(service, note(), 'done')).toBe(2);
});

test('a failing one is tried again, what was done beside it is not, and at last its message is kept in DEAD', async () => {
  const body = "if (outcome.index === 1) throw new Error('desk down');";
  await startWith({ acme: noting(body, 'retry: { attempts: 3, delayMs: 20 },') });
  const [good, bad] = await tell(2);
  const dead = await kit.until(async () =>
    (await kit.messages('DEAD')).find(({ headers }) => headers.get(DEAD_HEADERS.reason)?.includes(note())),
  );
  expect(dead.subject).toBe('dead.OUTCOMES.acme');
  expect(dead.text).toContain(good);
  expect(dead.headers.get(DEAD_HEADERS.reason)).toBe(`hook ${note()}, 3 attempts: ${bad}: threw: desk down`);
  await kit.until(() => settled(note()));
  const attempts = async (id = '') =>
    (await ran()).filter(({ action_id }) => action_id === id).map(({ attempt }) => attempt);
  expect(await attempts(good)).toEqual([1]);
  expect(await attempts(bad)).toEqual([1, 2, 3]);
});

test("an outcome of another tenant under this one's subject, or none at all, is run for by nobody", async () => {
  await startWith({ acme: noting('', 'retry: { attempts: 2, delayMs: 20 },') });
  const own = outcomeSubject('acme', 'applied', 'risk');
  await tell(1, {}, 'zeta', 'risk', own);
  await tell(1, {}, 'acme', 'other', own);
  for (const body of ['', '{', '['.repeat(100_000), '{"tenant":"acme","items":null}'])
    await kit.nats.js.publish(own, body);
  const [good] = await tell(1);
  await kit.until(async () => (await ran()).length === 1 && (await settled(note())));
  expect((await ran())[0]?.action_id).toBe(good);
  const letters = (await kit.messages('DEAD')).map(({ headers }) => headers.get(DEAD_HEADERS.reason));
  const unread = `hook ${note()}, 2 attempts: the outcomes cannot be read`;
  expect(letters.filter((reason) => reason === unread)).toHaveLength(6);
});

test('two instances share the work, and each outcome is run for once', async () => {
  await startWith({ acme: noting('await new Promise((resolve) => setTimeout(resolve, 20));') });
  await start();
  for (let n = 0; n < 40; n += 1) await tell(3);
  await kit.until(async () => (await ran()).length >= 120 && (await settled(note())));
  const told = await ran();
  expect(new Set(told.map(({ action_id }) => action_id)).size).toBe(120);
  expect(told).toHaveLength(120);
  expect(new Set(told.map(({ threadId }) => threadId)).size).toBe(2);
});

test("one that loops for ever holds up no other tenant's, and no decision", async () => {
  const spin = "{ id: 'spin', afterTimeoutMs: 300, retry: { attempts: 2, delayMs: 20 }, after: () => { for (;;); } }";
  const service = await startWith({ acme: spin, zeta: noting() });
  await tell(1);
  for (let n = 0; n < 5; n += 1) await tell(1, {}, 'zeta');
  const plan = { plan_id: 'beside', operator: 'risk', actions: [line('orders.hold', { value: 1 })] };
  const { decisions } = (await (await kit.post(service, '/v1/plans', plan)).json()) as { decisions: object[] };
  expect(decisions).toMatchObject([{ decision: 'ALLOW' }]);
  await kit.until(async () => (await ran()).length === 5);
  await kit.until(() => settled('spin'));
  expect(await counted(service, 'spin', 'stuck')).toBe(2);
});

test('changed files are run once they are in force, and broken ones leave what runs', async () => {
  await startWith({ acme: noting('', "tools: 'orders.refund',") });
  const file = join(kit.workspaceDir, 'tenants/acme/hooks.ts');
  const first = note();
  const changed = `export default { actions: [${noting()}] };`;
  await writeFile(file, 'export default { actions: [');
  const [broken] = await tell(1);
  await kit.until(async () => (await ran()).some(({ action_id }) => action_id === broken));
  await writeFile(file, changed);
  // From its beginning on, a new hook is told of what comes: which is when its durable is there.
  await kit.until(() => settled(note()).catch(() => false));
  const [second] = await tell(1);
  await kit.until(async () => (await ran()).filter(({ action_id }) => action_id === second).length > 0);
  await kit.until(() => settled(note()));
  expect((await ran()).filter(({ action_id }) => action_id === second)).toHaveLength(1);
  const text = await (await fetch(`${running[0]?.url}/metrics`)).text();
  expect(text).toContain(`hook="${first}"`);
  expect(text).toContain(`hook="${note()}"`);
});

test('what a killed instance had in hand is run by another', async () => {
  const first = await startWith({
    acme: noting('if (ctx.attempt === 1) await new Promise(() => {});', 'afterTimeoutMs: 60000,'),
  });
  await first.stop();
  await startChild();
  const [id] = await tell(1);
  await kit.until(async () => (await ran()).length === 1);
  children[0]?.kill('SIGKILL');
  await start();
  // The server gives it to another when it has not been heard of for 15 s.
  await kit.until(async () => (await ran()).length === 2, 30_000);
  expect(await ran()).toMatchObject([
    { action_id: id, attempt: 1 },
    { action_id: id, attempt: 2 },
  ]);
});

/** An evaluator in a process of its own, once it runs. */
function startChild(): Promise<void> {
  const child = spawn(process.execPath, [new URL('../src/main.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      DATABASE_URL: kit.servers.databaseUrl,
      REDIS_URL: 'redis://127.0.0.1:1',
      NATS_URL: kit.servers.natsUrl,
      HOLDPOINT_WORKSPACE: kit.workspaceDir,
      PORT: '0',
    },
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('"url":"')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}
