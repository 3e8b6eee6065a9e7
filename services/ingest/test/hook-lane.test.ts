import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HookLane, startHookLane } from '@holdpoint/hooks/hook-lane';
import type { Outcome, Phase, Run } from '@holdpoint/hooks/protocol';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { EventFacts, WebhookSummary } from '../src/hooks/event-facts.ts';

const logs: string[] = [];
const logger = createLogger({
  service: 'test',
  level: 'debug',
  instance: 'test',
  destination: { write: (line: string) => void logs.push(line) },
});
type Lane = HookLane<WebhookSummary, EventFacts>;
const lanes: Lane[] = [];
let dir: string;
let runs: Run[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-hooks-'));
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
});
afterEach(async () => {
  await Promise.all(lanes.splice(0).map((lane) => lane.stop()));
  logs.length = 0;
  runs = [];
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const write = (webhooks: string) =>
  writeFile(join(dir, 'tenants/acme/hooks.ts'), `export default { webhooks: [${webhooks}] };`);

/** A hook that does what its event's data says. */
const OBEDIENT = `{ id: 'obey', timeoutMs: 300, before: async ({ data }, ctx) => (await new Function('data', 'ctx', data.js)(data, ctx)) ?? 'pass' }`;

const PATIENT = OBEDIENT.replace('timeoutMs: 300', 'timeoutMs: 2000');

async function start(webhooks = OBEDIENT, phase: Phase = 'before'): Promise<Lane> {
  await write(webhooks);
  const lane = await startHookLane<WebhookSummary, EventFacts>({
    workspaceDir: dir,
    tenant: 'acme',
    phase,
    program: new URL('../src/hooks/thread.ts', import.meta.url),
    logger,
    idField: 'event_id',
    onRun: (run) => runs.push(run),
  });
  lanes.push(lane);
  return lane;
}

const EVENT: EventFacts = {
  id: 'payments.charge.k',
  tenant: 'acme',
  source: 'payments',
  type: 'charge',
  time: '2026-11-02T10:00:00Z',
  subject: null,
  signed: 'body',
  typeSigned: false,
  deliveryId: null,
  digest: 'd',
  size: 1,
};

function ask(lane: Lane, js: string, over: { answerMaxMs?: number; body?: Uint8Array | null } = {}): Promise<Outcome> {
  const body = over.body === undefined ? Buffer.from(JSON.stringify({ js })) : over.body;
  return lane.ask({ hooks: lane.loaded.hooks, facts: EVENT, body, attempt: 1, answerMaxMs: over.answerMaxMs ?? 4_000 });
}

const PASSED = { kind: 'pass', annotations: {} };
const failed = (reason: RegExp) => ({ kind: 'failed', reason: expect.stringMatching(reason) });

it('answers many at once, each with its own', async () => {
  const lane = await start();
  const asked = Array.from({ length: 500 }, (_, n) => ask(lane, `return { filter: 'n' + ${n} };`));
  const outcomes = await Promise.all(asked);
  expect(outcomes.map((outcome) => 'reason' in outcome && outcome.reason)).toEqual(outcomes.map((_, n) => `n${n}`));
});

it('holds no more than so many events, and refuses the rest at once', async () => {
  const lane = await start(PATIENT);
  const slow = Array.from({ length: 64 }, () => ask(lane, 'return new Promise((r) => setTimeout(r, 200));'));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const waiting = Array.from({ length: 1_000 }, () => ask(lane, ''));
  expect(await ask(lane, '')).toMatchObject({ ...failed(/^too much waits/), unasked: true });
  expect(new Set((await Promise.all([...slow, ...waiting])).map(({ kind }) => kind))).toEqual(new Set(['pass']));
  expect(await ask(lane, '')).toEqual(PASSED);
});

it('gives every event an outcome within its time, whatever the thread does', async () => {
  const lane = await start(PATIENT);
  const forEver = ask(lane, 'return new Promise(() => {});', { answerMaxMs: 150 });
  expect(await forEver).toMatchObject({ ...failed(/^no answer within 150 ms/), unasked: true });
  expect(runs).toMatchObject([{ hook: 'obey', result: 'unanswered' }]);
});

it('finds out which call does not give way, also where nobody can see whose time it is', async () => {
  const lane = await start();
  const late = 'return Promise.resolve().then(() => { for (;;); });';
  const deeds = ['', late, "return { filter: 'x' };", late, ''];
  const outcomes = await Promise.all(deeds.map((js) => ask(lane, js, { answerMaxMs: 25_000 })));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['pass', 'failed', 'filter', 'failed', 'pass']);
  expect(outcomes[1]).toMatchObject({ ...failed(/did not give way/), unasked: false });
});

it('outlives a hook that fills its heap', async () => {
  const lane = await start(PATIENT);
  const hog = 'const kept = []; for (;;) kept.push(new Array(1e6).fill(data));';
  expect((await ask(lane, hog, { answerMaxMs: 20_000 })).kind).toBe('failed');
  expect(await ask(lane, '')).toEqual(PASSED);
});

it('outlives what a hook leaves behind, and a hook that logs without end', async () => {
  const lane = await start();
  await ask(lane, "setTimeout(() => { throw new Error('left behind'); }); void Promise.reject(new Error('unheard'));");
  await ask(lane, "for (let n = 0; n < 1e5; n += 1) ctx.log.info({ n, deep: 'x'.repeat(9999) }, 'again');");
  expect(await ask(lane, '')).toEqual(PASSED);
  expect(logs.filter((line) => line.includes('again')).length).toBe(19);
  expect(logs.filter((line) => line.includes('logged enough')).length).toBe(1);
  expect(Math.max(...logs.map((line) => line.length))).toBeLessThan(4_096);
  expect(logs.some((line) => line.includes('left behind'))).toBe(true);
});

it('is given its events frozen, and no payload that is none', async () => {
  const lane = await start();
  const seen = "{ id: 'see', before: ({ data }) => ({ filter: String(data) }) }";
  const other = await start(seen);
  const deep = Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
  for (const body of [null, Buffer.from('no json'), Buffer.from([0x22, 0xff, 0x22]), deep]) {
    expect(await ask(other, '', { body })).toMatchObject({ kind: 'filter', reason: 'null' });
  }
  expect(await ask(lane, "'use strict'; data.js = 1;")).toMatchObject(failed(/read only property/));
});

it('has no environment', async () => {
  const lane = await start(
    "{ id: 'peek', before: () => ({ filter: 'has ' + Object.keys(process.env).filter((name) => name !== 'NODE_COMPILE_CACHE').length }) }",
  );
  expect(await ask(lane, '')).toMatchObject({ reason: 'has 0' });
});

it('does not run hooks that have changed since the start, nor half of a file', async () => {
  const lane = await start();
  const loop = 'for (;;);';
  await write(`${OBEDIENT}, { id: 'new', before: () => 'pass' }`);
  expect(await ask(lane, loop)).toMatchObject(failed(/did not give way/));
  expect(await ask(lane, '')).toMatchObject({ ...failed(/do not load/), unasked: true });
  expect(logs.some((line) => line.includes('hooks have changed'))).toBe(true);
  await writeFile(join(dir, 'tenants/acme/hooks.ts'), 'export default { webhooks: [');
  expect(await ask(lane, '')).toMatchObject(failed(/do not load/));
  await write(OBEDIENT);
  expect(await ask(lane, '')).toEqual(PASSED);
});

it('that stops gives up what it holds', async () => {
  const lane = await start();
  const held = ask(lane, 'return new Promise(() => {});');
  await lane.stop();
  expect(await held).toMatchObject({ ...failed(/^the service ends/), unasked: true });
  expect(await ask(lane, '')).toMatchObject(failed(/^the service ends/));
});
