import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '@holdpoint/stack/until';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, environmentFor, eventually, givenApproval, openBench } from './fixtures.ts';
import { givenChannels, type Receiver, startReceiver, WEBHOOK_SECRET, type Workspace } from './receivers.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const BURST = 200;

let bench: Bench;
let receiver: Receiver;
let workspace: Workspace;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bench = await openBench();
  receiver = await startReceiver();
  workspace = await givenChannels([{ id: 'desk', type: 'webhook', url: receiver.url, secret: WEBHOOK_SECRET }]);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await bench?.stop();
  await receiver?.close();
  await workspace?.remove();
});

async function spawnService(): Promise<{ child: ChildProcess; exited: Promise<unknown> }> {
  const env = { ...environmentFor(bench.servers, bench.issuer), ...workspace.environment, LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let listening = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    listening ||= /"url":"http/.test(line);
  });
  const exited = once(child, 'exit');
  await eventually('the service listens', () => listening || undefined);
  return { child, exited };
}

it('an instance killed amid a burst leaves nobody untold: every notification arrives, under one id each', async () => {
  const asked = new Set<string>();
  for (let n = 0; n < BURST; n += 1) asked.add((await givenApproval(bench.owner)).approvalId);
  let answered = 0;
  receiver.answer = () => ({ status: ++answered % 3 === 0 ? 503 : 204 });
  const first = await spawnService();
  await eventually('it is amid the burst', () => (answered > BURST / 4 ? true : undefined));
  first.child.kill('SIGKILL');
  await first.exited;
  const [{ left }] = (await bench.owner
    .selectFrom('notifications')
    .select((eb) => eb.fn.countAll<number>().as('left'))
    .where('state', '=', 'due')
    .execute()) as [{ left: number }];
  expect(Number(left)).toBeGreaterThan(0);
  const second = await spawnService();
  const states = () => bench.owner.selectFrom('notifications').select(['id', 'approval', 'state']).execute();
  const hurry = () => bench.owner.updateTable('notifications').set({ due_at: new Date() }).where('state', '=', 'due');
  // What the killed one held waits for its lease, and what failed for its next attempt: here both are over at once.
  await hurry().execute();
  const allSent = async () => {
    await hurry().where('lease', 'is', null).execute();
    return (await states()).every(({ state }) => state === 'sent') ? true : undefined;
  };
  expect(await until(allSent, 40_000)).toBe(true);
  const rows = await states();
  expect(new Set(rows.map(({ approval }) => approval))).toEqual(asked);
  expect(rows).toHaveLength(BURST);
  expect(new Set(receiver.received.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => `msg_${id}`)));
  second.child.kill('SIGTERM');
  expect(await second.exited).toEqual([0, null]);
}, 120_000);

it('an instance told to end gives back what it is sending', async () => {
  const { approvalId } = await givenApproval(bench.owner);
  const held = Promise.withResolvers<void>();
  let heard = false;
  receiver.answer = () => {
    heard = true;
    return { status: 204 };
  };
  receiver.hold = held.promise;
  const { child, exited } = await spawnService();
  await eventually('it is being sent', () => heard || undefined);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  held.resolve();
  const [row] = await bench.owner.selectFrom('notifications').selectAll().where('approval', '=', approvalId).execute();
  expect(row).toMatchObject({ state: 'due', lease: null, attempts: 0, error: null });
});
