import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { effectsQueue, queuePrefix } from '@holdpoint/shared/messages/jobs';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { actionRow, type Row, type Seeded, seedAction, seedFreeze, writeWorkspace } from './fixtures.ts';
import { becomes, executorHarness, type Harness, settles } from './harness.ts';

/** What the connectors call: it can be made to fail, and remembers every call. */
interface Remote {
  up: boolean;
  readonly url: string;
  readonly calls: { readonly at: number; readonly connector: string; readonly action: string }[];
  server: Server;
}

let harness: Harness;
let remote: Remote;
let workspaces: string[];

beforeEach(async () => {
  [harness, remote] = await Promise.all([executorHarness(), openRemote()]);
  workspaces = [];
});
afterEach(async () => {
  await harness.stop();
  remote.server.closeAllConnections();
  await new Promise((resolve) => remote.server.close(resolve));
  await Promise.all(workspaces.map((dir) => rm(dir, { recursive: true, force: true })));
});

async function openRemote(): Promise<Remote> {
  const calls: Remote['calls'] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://remote');
    calls.push({
      at: performance.now(),
      connector: searchParams.get('connector') ?? '',
      action: searchParams.get('action') ?? '',
    });
    response.statusCode = opened.up ? 200 : 503;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const opened: Remote = { up: true, url, calls, server };
  return opened;
}

/** Two connectors with the same tools, each held to its limits. */
async function limited(limits: { alpha?: object; beta?: object }): Promise<string> {
  const tools = `{ write: { risk: 'write', idempotent: true, retry: { attempts: 60, minDelayMs: 20, maxDelayMs: 60 } },
    look: { risk: 'read', retry: { attempts: 60, minDelayMs: 20, maxDelayMs: 60 } } }`;
  const files = (['alpha', 'beta'] as const).flatMap((name) => [
    [
      `connectors/${name}/tools.ts`,
      `export default { name: '${name}', tools: ${tools}, limits: ${JSON.stringify(limits[name] ?? {})} };`,
    ],
    [
      `connectors/${name}/run.ts`,
      `async function run(args, ctx) {
        const answer = await fetch('${remote.url}?connector=${name}&action=' + ctx.actionId);
        if (args.ms) await new Promise((resolve) => setTimeout(resolve, args.ms));
        if (args.asksFor && ctx.attempt === 1)
          throw Object.assign(new Error('slow down'), { name: 'RateLimited', retryAfterSeconds: args.asksFor });
        if (args.rests) ctx.rest(args.rests);
        if (args.refuses) throw Object.assign(new Error('no'), { name: 'Terminal' });
        if (!answer.ok) throw Object.assign(new Error('answered ' + answer.status), { name: 'Unknown' });
      }
      export default { run: { write: run, look: run } };`,
    ],
  ]);
  const dir = await writeWorkspace({
    ...Object.fromEntries(files),
    'tenants/acme/policies.ts': 'export default [];',
  });
  workspaces.push(dir);
  return dir;
}

async function start(
  count: number,
  limits: { alpha?: object; beta?: object },
  own: Parameters<Harness['start']>[1] = {},
) {
  const workspaceDir = await limited(limits);
  const services = [];
  for (let index = 0; index < count; index += 1) services.push(await harness.start({ workspaceDir }, own));
  return services.map(({ url }) => url);
}

async function seedLanes(count: number, spec: Parameters<typeof seedAction>[1] = {}): Promise<Seeded[]> {
  return Promise.all(Array.from({ length: count }, () => seedAction(harness.db, spec)));
}

const callsOf = (connector: string) => remote.calls.filter((call) => call.connector === connector);
const attemptsOf = (actions: readonly Seeded[]) =>
  Promise.all(actions.map(async ({ id }) => (await actionRow(harness.db, id)).attempts));

async function readyz(url: string): Promise<{ status: number; checks: Row }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, checks: ((await response.json()) as Row).checks };
}

async function connectors(url: string, key: string): Promise<Row> {
  const response = await fetch(`${url}/v1/connectors`, { headers: { authorization: `Bearer ${key}` } });
  expect(response.status).toBe(200);
  const { items } = (await response.json()) as { items: Row[] };
  return Object.fromEntries(items.map((item) => [item.connector, item]));
}

function queueOf(connector: string): Queue {
  const name = effectsQueue(connector);
  return new Queue(name, { connection: { url: harness.servers.redisUrl }, prefix: queuePrefix(name) });
}

/** The most calls that began within any stretch of so long. */
function mostWithin(connector: string, ms: number): number {
  const times = callsOf(connector).map(({ at }) => at);
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

test('no more lanes of a connector run at once than it asks for', async () => {
  await start(1, { alpha: { concurrency: 2 } });
  const actions = await seedLanes(8, { args: { ms: 60 } });
  await harness.decide(actions);
  await settles(harness.db);
  const { rows } = await harness.db.query(
    `SELECT max((SELECT count(*) FROM actions b WHERE b.started_at <= a.started_at AND b.updated_at > a.started_at))::int AS n
     FROM actions a`,
  );
  expect(rows[0].n).toBe(2);
});

test('a rate holds over two instances, lanes and reads together, and waiting uses no attempt', async () => {
  const [url] = await start(2, { alpha: { rate: { perSecond: 20, burst: 5 } } });
  const lanes = await seedLanes(30);
  const reads = await seedLanes(10, { risk: 'read' });
  const other = await seedLanes(30, { connector: 'beta' });
  await Promise.all([harness.decide([...lanes, ...reads]), harness.decide(other, 'beta')]);
  const key = await harness.key('acme', ['read']);
  const why = async () => (await connectors(url as string, key)).alpha.heads;
  await expect.poll(why, { timeout: 10_000 }).toMatchObject({ rate_limited: expect.any(Number) });
  await settles(harness.db);
  expect(await attemptsOf([...lanes, ...reads])).toEqual(Array(40).fill(1));
  expect(mostWithin('alpha', 500)).toBeLessThanOrEqual(5 + 10 + 3);
  // Those of the other had not to wait for this one.
  const lastOf = (connector: string) => callsOf(connector).at(-1)?.at as number;
  expect(lastOf('beta')).toBeLessThan(lastOf('alpha'));
});

test('at a rate limit lanes take turns: a hot one does not starve the others, and keeps its order', async () => {
  // One worker: a drain that went back to the front of its queue would be the next one, for ever.
  await start(1, { alpha: { rate: { perSecond: 40, burst: 1 }, concurrency: 1 } });
  const hot: Seeded[] = [];
  for (let index = 0; index < 40; index += 1) hot.push(await seedAction(harness.db, { entity: 'hot' }));
  await harness.decide(hot.slice(0, 1));
  await expect.poll(() => remote.calls.length, { timeout: 10_000 }).toBeGreaterThan(2);
  const others = await seedLanes(8);
  await harness.decide(others);
  await settles(harness.db);
  const order = remote.calls.map(({ action }) => action);
  const hotIds = hot.map(({ id }) => id);
  expect(order.filter((id) => hotIds.includes(id))).toEqual(hotIds);
  const lastOther = Math.max(...others.map(({ id }) => order.indexOf(id)));
  expect(lastOther).toBeLessThan(order.indexOf(hotIds[36] as string));
});

test('one that asks for time rests for its tenant, in all lanes and both instances, and for nobody else', async () => {
  const urls = await start(2, {});
  const asking = await seedAction(harness.db, { args: { asksFor: 2 } });
  await harness.decide([asking]);
  await becomes(harness.db, asking.id, 'queued');
  await expect.poll(() => remote.calls.length).toBe(1);
  await expect.poll(() => harness.logs.join('').includes('asked for time'), { timeout: 5_000 }).toBe(true);
  const [own, others] = [await harness.key('acme', ['read']), await harness.key('zeta', ['read'])];
  for (const url of urls) {
    await expect.poll(async () => (await connectors(url, own)).alpha.resting_until).toBeDefined();
    expect((await connectors(url, others)).alpha.resting_until).toBeUndefined();
  }
  const askedAt = remote.calls[0]?.at as number;
  const later = await seedLanes(6);
  const read = await seedAction(harness.db, { risk: 'read' });
  const beside = await seedLanes(6, { tenant: 'zeta' });
  const besideRead = await seedAction(harness.db, { tenant: 'zeta', risk: 'read' });
  const other = await seedAction(harness.db, { connector: 'beta' });
  await Promise.all([
    harness.decide([...later, read]),
    harness.decide([...beside, besideRead]),
    harness.decide([other], 'beta'),
  ]);
  for (const { id } of [...beside, besideRead, other]) await becomes(harness.db, id, 'applied');
  await settles(harness.db);
  expect(await attemptsOf([...later, read])).toEqual(Array(7).fill(1));
  const waited = new Set([asking, ...later, read].map(({ id }) => id));
  const held = callsOf('alpha')
    .slice(1)
    .filter(({ action }) => waited.has(action));
  const free = callsOf('alpha').filter(({ action }) => !waited.has(action));
  const firstHeld = Math.min(...held.map(({ at }) => at));
  expect(firstHeld - askedAt).toBeGreaterThan(1_900);
  expect(free).toHaveLength(7);
  expect(Math.max(...free.map(({ at }) => at))).toBeLessThan(firstHeld);
});

test('one whose answer says that its allowance is used up is applied, and rests for its tenant as well, and no other', async () => {
  const urls = await start(2, {});
  const last = await seedAction(harness.db, { args: { rests: 2 } });
  await harness.decide([last]);
  await becomes(harness.db, last.id, 'applied');
  expect(await attemptsOf([last])).toEqual([1]);
  const [own, others] = [await harness.key('acme', ['read']), await harness.key('zeta', ['read'])];
  for (const url of urls) {
    await expect.poll(async () => (await connectors(url, own)).alpha.resting_until).toBeDefined();
    expect((await connectors(url, others)).alpha.resting_until).toBeUndefined();
  }
  const saidAt = remote.calls[0]?.at as number;
  const later = await seedLanes(4);
  const beside = await seedLanes(4, { tenant: 'zeta' });
  const other = await seedAction(harness.db, { connector: 'beta' });
  await Promise.all([harness.decide(later), harness.decide(beside), harness.decide([other], 'beta')]);
  for (const { id } of [...beside, other]) await becomes(harness.db, id, 'applied');
  await settles(harness.db);
  // It waited before its claims, so that it used no attempt.
  expect(await attemptsOf(later)).toEqual(Array(4).fill(1));
  const waited = new Set(later.map(({ id }) => id));
  const held = callsOf('alpha').filter(({ action }) => waited.has(action));
  const free = callsOf('alpha').filter(({ action }) => !waited.has(action));
  const firstHeld = Math.min(...held.map(({ at }) => at));
  expect(firstHeld - saidAt).toBeGreaterThan(1_900);
  expect(free).toHaveLength(5);
  expect(Math.max(...free.map(({ at }) => at))).toBeLessThan(firstHeld);
});

test('what rests for one tenant is not rung in vain, and goes on by itself when its time has come', async () => {
  await start(1, {});
  const asking = await seedAction(harness.db, { args: { asksFor: 1.5 } });
  const later = await seedLanes(50);
  await harness.decide([asking]);
  await expect.poll(() => harness.logs.join('').includes('asked for time'), { timeout: 5_000 }).toBe(true);
  await harness.decide(later);
  const queue = queueOf('alpha');
  await expect.poll(async () => (await queue.getJobCounts('wait', 'active')).wait, { timeout: 1_400 }).toBe(0);
  for (const { id } of [asking, ...later]) await becomes(harness.db, id, 'applied');
  await queue.close();
});

test('a failing connector’s circuit opens for both instances, uses no attempt, and closes by a probe', async () => {
  const breaker = { minimumCalls: 6, errorShare: 0.5, windowSeconds: 10, openSeconds: 1.5, probes: 1 };
  const urls = await start(2, { alpha: { breaker } });
  remote.up = false;
  const failing = await seedLanes(12);
  await harness.decide(failing);
  for (const url of urls) {
    await expect
      .poll(async () => (await readyz(url)).checks['connector:alpha'], { timeout: 10_000, interval: 20 })
      .toMatch(/^open until /);
  }
  const { status, checks } = await readyz(urls[0] as string);
  expect(status).toBe(200);
  expect(checks['connector:beta']).toBe('ok');
  expect(await (await fetch(`${urls[1]}/metrics`)).text()).toMatch(
    /holdpoint_connector_circuit\{connector="alpha",state="open",service="executor"\} 1/,
  );
  const shown = (await connectors(urls[0] as string, await harness.key('acme', ['read']))).alpha;
  expect(shown).toMatchObject({ circuit: 'open', open_until: expect.any(String) });
  expect(['circuit_open', 'backing_off']).toContain(shown.oldest_head.why);

  const before = callsOf('alpha').length;
  const meanwhile = await seedLanes(10);
  const other = await seedAction(harness.db, { connector: 'beta', args: { refuses: true } });
  await Promise.all([harness.decide(meanwhile), harness.decide([other], 'beta')]);
  await becomes(harness.db, other.id, 'failed');
  expect(await attemptsOf(meanwhile)).toEqual(Array(10).fill(0));
  // Only probes, one at a time, get through to a system that stays down.
  await expect.poll(() => callsOf('alpha').length, { timeout: 15_000 }).toBeGreaterThan(before);
  expect(callsOf('alpha').length - before).toBeLessThanOrEqual(3);
  remote.up = true;
  await settles(harness.db);
  for (const { id } of [...failing, ...meanwhile]) await becomes(harness.db, id, 'applied');
  for (const url of urls) await expect.poll(async () => (await readyz(url)).checks['connector:alpha']).toBe('ok');
}, 40_000);

test('refusals open no circuit', async () => {
  const [url] = await start(1, { alpha: { breaker: { minimumCalls: 3 } } });
  const actions = await seedLanes(20, { args: { refuses: true } });
  await harness.decide(actions);
  await settles(harness.db);
  expect((await readyz(url as string)).checks['connector:alpha']).toBe('ok');
});

test('a paused queue claims nothing, its neighbours go on, and resumed everything drains in order', async () => {
  const [url] = await start(2, {});
  const key = await harness.key('acme', ['read']);
  const queue = queueOf('alpha');
  const hot: Seeded[] = [];
  for (let index = 0; index < 60; index += 1) {
    hot.push(await seedAction(harness.db, { entity: 'hot', args: { ms: 20 } }));
  }
  await harness.decide(hot.slice(0, 1));
  await expect.poll(() => remote.calls.length, { timeout: 10_000 }).toBeGreaterThan(3);
  await queue.pause();
  // Two looks of every instance later its drains have gone back, in the middle of their turn.
  await expect
    .poll(async () => (await connectors(url as string, key)).alpha, { timeout: 5_000 })
    .toMatchObject({
      paused: true,
      active: 0,
    });
  const calls = callsOf('alpha').length;
  expect(calls).toBeLessThan(60);

  const crossing: Seeded[] = [];
  for (const connector of ['beta', 'alpha', 'beta']) {
    crossing.push(await seedAction(harness.db, { entity: 'crossing', connector }));
  }
  await harness.decide(crossing.slice(0, 1), 'beta');
  await becomes(harness.db, crossing[0]?.id as string, 'applied');
  const neighbours = await seedLanes(20, { connector: 'beta' });
  await harness.decide(neighbours, 'beta');
  for (const { id } of neighbours) await becomes(harness.db, id, 'applied');
  expect(await attemptsOf(crossing)).toEqual([1, 0, 0]);
  expect(callsOf('alpha').length).toBe(calls);
  const shown = (await connectors(url as string, key)).alpha;
  expect(shown).toMatchObject({ oldest_head: { why: 'paused', action_id: hot[calls]?.id }, heads: { paused: 2 } });

  await queue.resume();
  await settles(harness.db);
  const order = remote.calls.map(({ action }) => action);
  for (const lane of [hot, crossing]) {
    const ids = lane.map(({ id }) => id);
    expect(order.filter((id) => ids.includes(id))).toEqual(ids);
  }
  await queue.close();
}, 40_000);

test('a slow connector does not slow another, nor its own reads’ neighbours', async () => {
  await start(1, { alpha: { concurrency: 2 } });
  const slow = await seedLanes(6, { args: { ms: 600 } });
  const slowReads = await seedLanes(6, { risk: 'read', args: { ms: 600 } });
  await harness.decide([...slow, ...slowReads]);
  await expect.poll(() => remote.calls.length, { timeout: 5_000 }).toBe(4);
  const quick = await seedLanes(30, { connector: 'beta' });
  const quickReads = await seedLanes(10, { connector: 'beta', risk: 'read' });
  await harness.decide([...quick, ...quickReads], 'beta');
  for (const { id } of [...quick, ...quickReads]) await becomes(harness.db, id, 'applied');
  const { rows } = await harness.db.query("SELECT count(*)::int AS n FROM actions WHERE state = 'queued'");
  expect(rows[0].n).toBeGreaterThan(0);
  await settles(harness.db);
});

test('where a lane waits is said: backing off, frozen, unknown, running', async () => {
  const [url] = await start(1, { beta: { breaker: false } });
  const key = await harness.key('acme', ['read']);
  await seedFreeze(harness.db, { tool: 'look' });
  const spec = { connector: 'alpha' } as const;
  const stuck = await seedAction(harness.db, { ...spec, state: 'indeterminate' });
  const frozen = await seedAction(harness.db, { ...spec, tool: 'look' });
  const ungranted = await seedAction(harness.db, { ...spec, escalation: { mode: 'hold' } });
  const backing = await seedAction(harness.db, { ...spec, connector: 'beta' });
  await harness.db.query("UPDATE actions SET next_attempt_at = now() + interval '1 hour' WHERE id = $1", [backing.id]);
  await seedAction(harness.db, { ...spec, tenant: 'zeta', state: 'indeterminate' });
  const shown = await connectors(url as string, key);
  expect(shown.alpha.heads).toEqual({ indeterminate: 1, frozen: 1, unauthorised: 1 });
  expect(shown.beta).toMatchObject({ oldest_head: { action_id: backing.id, why: 'backing_off' }, circuit: 'closed' });
  expect([stuck.id, frozen.id, ungranted.id]).toContain(shown.alpha.oldest_head.action_id);
  const everybody = await connectors(url as string, await harness.key('zeta', ['platform']));
  expect(everybody.alpha.heads.indeterminate).toBe(2);
  await expect
    .poll(async () => (await fetch(`${url}/metrics`)).text(), { timeout: 10_000 })
    .toMatch(/holdpoint_oldest_head_seconds\{connector="beta",why="backing_off",service="executor"\} \d/);
});

test('Bull Board shows the queue of every connector’s effects and reads', async () => {
  const [url] = await start(1, {});
  const response = await fetch(`${url}/queues/api/queues`, {
    headers: { authorization: `Bearer ${await harness.key('zeta', ['platform'])}` },
  });
  const { queues } = (await response.json()) as { queues: { name: string }[] };
  const names = queues.map(({ name }) => name).toSorted();
  expect(names).toEqual(['effects.alpha', 'effects.beta', 'reads.alpha', 'reads.beta']);
});
