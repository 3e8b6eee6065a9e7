import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line, type System, startSystem } from './system.ts';

let system: System;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-told-'));
  await writeFile(join(dir, 'told'), '');
  const hooks = `import { appendFileSync } from 'node:fs';
    export default { actions: [
      { id: 'gate', priority: 5, tools: ['read', 'set'], before: ({ args }) => args.n === 'secret' ? { reject: 'not that one' } : 'pass' },
      { id: 'route', priority: 80, tools: ['set', 'pay'], before: ({ args }) => ({ args: { ...args, n: args.n + '-checked' } }) },
      { id: 'tell', after: ({ outcome, tool, idempotency_key }) => appendFileSync(${JSON.stringify(join(dir, 'told'))}, [outcome, tool, idempotency_key].join(' ') + '\\n') },
    ] };`;
  system = await startSystem({ instances: 2, files: { 'tenants/acme/hooks.ts': hooks } });
});
afterAll(async () => {
  await system.stop();
  await rm(dir, { recursive: true, force: true });
});

const told = async () => (await readFile(join(dir, 'told'), 'utf8')).split('\n').filter(Boolean);
const callsFor = (key: unknown) => system.observer.calls.filter((call) => call.key === key);

test('the far end gets the arguments that hooks made, nothing of what they rejected, and hooks are told of both', async () => {
  const [kept, refused] = [line('set', { args: { n: 'a' } }), line('set', { args: { n: 'secret' } })];
  const read = { connector: 'shop', tool: 'read', args: { n: 'secret' } };
  const { outcomes } = await system.propose({ plan_id: 'hooked', actions: [kept, refused, read] }, 20);
  expect(outcomes?.map(({ outcome }) => outcome)).toEqual(['applied', 'blocked', 'blocked']);
  expect(callsFor(kept.idempotency_key).map(({ path }) => path)).toEqual(['/a-checked']);
  expect(callsFor(refused.idempotency_key)).toEqual([]);
  expect(system.observer.calls.some(({ path }) => path.includes('secret'))).toBe(false);
  await system.until('the hook was told', async () => (await told()).length >= 3);
  expect((await told()).sort()).toEqual([
    `applied set ${kept.idempotency_key}`,
    'blocked read ',
    `blocked set ${refused.idempotency_key}`,
  ]);
});

test('people agree to what hooks made of the arguments, and just that is done', async () => {
  const pay = line('pay', { args: { amount: 5, n: 'b' } });
  const { decisions } = await system.propose({ plan_id: 'asked', actions: [pay] });
  const id = decisions[0]?.approval_id ?? '';
  const approval = (await (await system.call('approvals', `/v1/approvals/${id}`)).json()) as Approval;
  expect(approval.args).toEqual({ amount: 5, n: 'b-checked' });
  const key = await system.people.token('ann', ['reviewer']);
  expect((await system.call('approvals', `/v1/approvals/${id}/approve`, { body: {}, key })).status).toBe(200);
  await system.until('it is done', async () => callsFor(pay.idempotency_key).length > 0);
  expect(callsFor(pay.idempotency_key).map(({ path }) => path)).toEqual(['/b-checked']);
  const again = await system.propose({ plan_id: 'asked-again', actions: [pay] });
  expect(again.decisions[0]).toMatchObject({ state: 'duplicate', duplicate_of: decisions[0]?.action_id });
});
