import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterHookConsumer } from '@holdpoint/shared/messages/consumers';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { deadSubject, eventSubject } from '@holdpoint/shared/messages/subjects';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Answer, deliver, eventually, type Harness, ingestHarness, metric, writeHooks } from './harness.ts';
import { startProcess, urlOf } from './process.ts';

let harness: Harness;
let ranFile: string;
const running: RunningService[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  harness = await ingestHarness();
  ranFile = join(harness.workspaceDir, 'ran');
});
beforeEach(() => writeFile(ranFile, ''));
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((service) => service.stop()));
});
afterAll(() => harness.stop());

async function start(): Promise<string> {
  const service = await harness.start();
  running.push(service);
  return service.url;
}

let hookCount = 0;

/** An `after` hook under a name of its own that writes down each of its runs, then goes on as it is told. */
function noting(body = '', rest = ''): string {
  hookCount += 1;
  return `{ id: 'note-${hookCount}', source: 'payments', ${rest} after: async (event, ctx) => {
    const { appendFileSync } = await import('node:fs');
    const { threadId } = await import('node:worker_threads');
    const { id, tenant, annotations } = event;
    appendFileSync(${JSON.stringify(ranFile)}, JSON.stringify({ id, tenant, annotations, attempt: ctx.attempt, threadId }) + '\\n');
    ${body}
  } }`;
}

interface Ran {
  readonly id: string;
  readonly tenant: string;
  readonly annotations: Record<string, string>;
  readonly attempt: number;
  readonly threadId: number;
}

async function ran(): Promise<Ran[]> {
  const text = await readFile(ranFile, 'utf8');
  return text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as Ran] : []));
}

let eventCount = 0;
function pay(url: string, fields: Record<string, unknown> = {}, tenant = 'acme'): Promise<Answer> {
  eventCount += 1;
  const body = JSON.stringify({ id: `evt_${eventCount}`, type: 'charge.succeeded', ...fields });
  return deliver(`${url}/hooks/${tenant}/payments`, 'stripe', { body });
}

/** That nothing is on its way to a hook any more. */
async function settled(hook: string, tenant = 'acme'): Promise<boolean> {
  const { stream, config } = afterHookConsumer(tenant, hook);
  const info = await harness.nats.jsm.consumers.info(stream, config.durable_name);
  return info.num_pending === 0 && info.num_ack_pending === 0;
}

it('an after hook runs once for each accepted event, and not for what was filtered or a duplicate', async () => {
  await writeHooks(harness, {
    acme: `{ id: 'gate', before: ({ data }) => data.small ? { filter: 'small' } : { pass: true, annotations: { tier: 'gold' } } }, ${noting()}`,
  });
  const url = await start();
  const accepted = await pay(url, { id: 'evt_after' });
  await pay(url, { id: 'evt_after' });
  await pay(url, { small: true });
  await deliver(`${url}/hooks/acme/code`, 'github', { body: '{"another":"source"}', type: 'push' });
  const last = await pay(url);
  await eventually(async () => (await ran()).length >= 2 && (await settled(`note-${hookCount}`)));
  expect(await ran()).toMatchObject([
    { id: accepted.body.event_id, attempt: 1, annotations: { tier: 'gold' } },
    { id: last.body.event_id, attempt: 1 },
  ]);
  expect(await metric(url, 'hook_runs_total', { hook: `note-${hookCount}`, phase: 'after', result: 'done' })).toBe(2);
});

it('a failing one is tried again after pauses, and at last its event is kept in DEAD with the reason', async () => {
  await writeHooks(harness, {
    acme: noting("if (event.data.bad) throw new Error('down\\nfor ever');", 'retry: { attempts: 3, delayMs: 20 },'),
  });
  const url = await start();
  const bad = await pay(url, { bad: true });
  const good = await pay(url);
  const dead = await eventually(() =>
    harness.nats.jsm.streams.getMessage('DEAD', { last_by_subj: deadSubject('EVENTS', 'acme') }).then(
      (message) => message ?? undefined,
      () => undefined,
    ),
  );
  expect(JSON.parse(dead.string())).toMatchObject({ bad: true });
  expect(dead.header.get(DEAD_HEADERS.subject)).toBe(eventSubject('acme', bad.body.event_id));
  expect(dead.header.get(DEAD_HEADERS.reason)).toBe(`hook note-${hookCount}, 3 attempts: threw: down for ever`);
  await eventually(() => settled(`note-${hookCount}`));
  const runs = await ran();
  expect(runs.filter(({ id }) => id === bad.body.event_id).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(runs.filter(({ id }) => id === good.body.event_id)).toHaveLength(1);
});

it('two instances share the work, and each event is run for once', async () => {
  await writeHooks(harness, { acme: noting('await new Promise((resolve) => setTimeout(resolve, 20));') });
  const [url] = await Promise.all([start(), start()]);
  await Promise.all(Array.from({ length: 150 }, () => pay(url)));
  await eventually(async () => (await ran()).length >= 150 && (await settled(`note-${hookCount}`)));
  const runs = await ran();
  expect(runs).toHaveLength(150);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(150);
  expect(new Set(runs.map(({ threadId }) => threadId)).size).toBe(2);
});

it("one that waits or loops for ever holds up no other tenant's, nor other hooks, nor deliveries", async () => {
  await writeHooks(harness, {
    acme: `{ id: 'spin', afterTimeoutMs: 400, retry: { attempts: 2, delayMs: 20 }, after: () => { for (;;); } },
      { id: 'wait', afterTimeoutMs: 60000, after: () => new Promise(() => {}) }, { id: 'gate', before: () => 'pass' }`,
    zeta: noting(),
  });
  const url = await start();
  expect((await pay(url)).status).toBe(202);
  for (let n = 0; n < 5; n += 1) expect((await pay(url, {}, 'zeta')).status).toBe(202);
  await eventually(async () => (await ran()).length === 5);
  await eventually(() => settled('spin'));
  expect(await metric(url, 'hook_runs_total', { hook: 'spin', phase: 'after', result: 'stuck' })).toBe(2);
  expect((await pay(url)).status).toBe(202);
});

it('a stream that was lost and set up again has its hooks run from its first event on', async () => {
  await writeHooks(harness, { acme: noting() });
  const url = await start();
  await harness.nats.jsm.streams.delete('EVENTS');
  const first = await eventually(async () => {
    const answer = await pay(url);
    return answer.status === 202 && answer;
  });
  await eventually(async () => (await ran()).some(({ id }) => id === first.body.event_id));
});

it('what a killed instance had in hand is run by another', async () => {
  await writeHooks(harness, {
    acme: noting('if (ctx.attempt === 1) await new Promise(() => {});', 'afterTimeoutMs: 60000,'),
  });
  const child = startChild();
  const { body } = await pay(await urlOf(child));
  await eventually(async () => (await ran()).length === 1);
  child.kill('SIGKILL');
  await start();
  await eventually(async () => (await ran()).length === 2, 25_000);
  expect((await ran())[1]).toMatchObject({ id: body.event_id, attempt: 2 });
});

it('an instance that is told to end lets a run end first, and gives back one that does not', async () => {
  await writeHooks(harness, {
    acme: noting(
      'if (ctx.attempt === 1) await new Promise((resolve) => setTimeout(resolve, event.data.ms));',
      'afterTimeoutMs: 60000, retry: { delayMs: 20 },',
    ),
  });
  const child = startChild();
  const at = await urlOf(child);
  const short = await pay(at, { ms: 1_000 });
  const long = await pay(at, { ms: 60_000 });
  await eventually(async () => (await ran()).length === 2);
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
  await start();
  await eventually(() => settled(`note-${hookCount}`));
  const attempts = async (id: string) => (await ran()).filter((run) => run.id === id).map(({ attempt }) => attempt);
  expect(await attempts(short.body.event_id)).toEqual([1]);
  expect(await attempts(long.body.event_id)).toEqual([1, 2]);
});

function startChild(): ChildProcess {
  const child = startProcess(harness);
  children.push(child);
  return child;
}
