import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { actionRow, receiptsOf, seedAction } from './fixtures.ts';
import { becomes, executorHarness, type Harness } from './harness.ts';
import { subjectMessages } from './outcomes.ts';

let harness: Harness;
let children: ChildProcess[] = [];

beforeAll(async () => {
  harness = await executorHarness();
});
beforeEach(() => {
  harness.observed.length = 0;
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});
afterAll(() => harness.stop());

const starts = (action: string) => harness.observed.filter((one) => one.action === action && one.what === 'start');

test('a worker killed in a call: an idempotent tool is run again with the same key, another is indeterminate', async () => {
  const child = await spawnExecutor();
  const args = { ms: 60_000 };
  const idempotent = await seedAction(harness.db, { tool: 'safe', args: { kill: true } });
  const plain = await seedAction(harness.db, { args });
  const read = await seedAction(harness.db, { risk: 'read', args: { kill: true } });
  await expect.poll(() => harness.observed.length, { timeout: 15_000 }).toBe(3);
  child.kill('SIGKILL');
  await once(child, 'exit');
  // What hung in the dead process does not hang in the next.
  await harness.owner.query("UPDATE actions SET args = '{}' WHERE id = ANY ($1)", [[idempotent.id, read.id]]);
  const next = await harness.start({}, { callTimeoutMs: 500 });

  expect(await becomes(harness.db, idempotent.id, 'applied')).toMatchObject({ attempts: 2, unsure: false });
  expect(new Set(starts(idempotent.id).map(({ key }) => key))).toEqual(new Set([`key-${idempotent.id}`]));
  expect(starts(idempotent.id).map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(await receiptsOf(harness.db, idempotent.id)).toEqual([
    'intent:running',
    'settlement:queued',
    'intent:running',
    'outcome:applied',
  ]);
  expect(await becomes(harness.db, plain.id, 'indeterminate')).toMatchObject({ attempts: 1 });
  expect(starts(plain.id)).toHaveLength(1);
  const [told] = await subjectMessages(harness.nats, 'outcomes.acme.indeterminate.bot', plain.id);
  expect(told).toMatchObject({ ok: false, error: 'its worker was lost during the call: it may have happened' });
  expect(await becomes(harness.db, read.id, 'applied')).toMatchObject({ attempts: 2 });
  await next.stop();
}, 60_000);

test('a running row of a worker that left no row is settled; one of a living worker is let be', async () => {
  const gone = await seedAction(harness.db, { state: 'running' });
  const alive = await seedAction(harness.db, { state: 'running' });
  const worker = randomUUID();
  await harness.db.query("INSERT INTO workers (id, service) VALUES ($1, 'executor')", [worker]);
  await harness.db.query('UPDATE actions SET worker = $2 WHERE id = $1', [alive.id, worker]);
  const beating = setInterval(() => {
    void harness.db.query('UPDATE workers SET heartbeat_at = clock_timestamp() WHERE id = $1', [worker]);
  }, 200);
  const service = await harness.start({}, { callTimeoutMs: 300 });
  await becomes(harness.db, gone.id, 'indeterminate');
  // Older than the other when that was settled, and judged in the same rounds.
  expect(await actionRow(harness.db, alive.id)).toMatchObject({ state: 'running' });
  clearInterval(beating);
  await becomes(harness.db, alive.id, 'indeterminate');
  await service.stop();
}, 60_000);

test('a claim of this living worker whose answer was lost is settled too', async () => {
  const service = await harness.start({}, { callTimeoutMs: 300 });
  const { rows } = await harness.db.query('SELECT id FROM workers ORDER BY heartbeat_at DESC LIMIT 1');
  const orphan = await seedAction(harness.db, { state: 'running', tool: 'safe' });
  await harness.db.query('UPDATE actions SET worker = $2 WHERE id = $1', [orphan.id, rows[0].id]);
  await becomes(harness.db, orphan.id, 'applied');
  expect(await receiptsOf(harness.db, orphan.id)).toEqual(['settlement:queued', 'intent:running', 'outcome:applied']);
  await service.stop();
}, 60_000);

/** An executor in a process of its own, so that it can be killed. */
async function spawnExecutor(): Promise<ChildProcess> {
  const { logDestination: _, ...config } = harness.config();
  const file = join(config.workspaceDir, `child-${children.length}.mjs`);
  const service = fileURLToPath(new URL('../src/service.ts', import.meta.url));
  await writeFile(
    file,
    `import { startExecutor } from ${JSON.stringify(service)};
const { url } = await startExecutor(${JSON.stringify({ ...config, logLevel: 'silent' })});
console.log(url);`,
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}
