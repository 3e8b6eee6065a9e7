import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHoldpoint } from '@holdpoint/cli/testing/run-holdpoint';
import { createClient } from '@holdpoint/sdk/client';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line, type System, startSystem } from './system.ts';

const POLICIES = `export default [
  { id: 'pays', tool: 'pay', decision: 'ALERT', escalation: { audience: 'reviewer' } },
  { id: 'drops', tool: 'drop', decision: 'ALERT', escalation: { audience: 'reviewer', quorum: 2 } },
];`;

let system: System;
let folder: string;

beforeAll(async () => {
  system = await startSystem({ files: { 'tenants/acme/policies.ts': POLICIES } });
  folder = await mkdtemp(join(tmpdir(), 'holdpoint-cli-'));
  const services = Object.fromEntries(Object.entries(system.services).map(([name, [one]]) => [name, one?.url]));
  const names = { alice: ['reviewer'], bob: ['reviewer'], carol: ['another'] };
  const people = await Promise.all(
    Object.entries(names).map(async ([name, audiences]) => [name, await system.people.token(name, audiences)] as const),
  );
  const { admin, operator } = system.keys;
  const run = { services, keys: { admin, operator }, people: Object.fromEntries(people) };
  await writeFile(join(folder, 'run.json'), JSON.stringify(run));
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const holdpoint = (...args: string[]) => runHoldpoint([...args, '--data', folder], folder);
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, out, err } = await holdpoint(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
};

async function hold(planId: string, proposed = line('pay', { args: { amount: 9 } })): Promise<string> {
  const actions = [proposed];
  const { decisions } = await system.propose({ plan_id: planId, agent: { id: 'bot', session_id: 'chat 42' }, actions });
  return decisions[0]?.approval_id ?? '';
}

test('an approver finds, discusses, decides and follows on the command line alone', async () => {
  const followed = runHoldpoint(['watch', '--json', '--data', folder], folder, ({ out }) => out.includes('"granted"'));
  const [first, second, third] = [await hold('one'), await hold('two', line('drop')), await hold('three')];
  const mine = async (name: string) =>
    (await json<{ items: Approval[] }>('approvals', '--mine', '--as', name)).items.map(({ id }) => id);
  expect(await mine('alice')).toEqual([third, second, first]);
  expect(await mine('carol')).toEqual([]);
  expect((await json<{ items: Approval[] }>('approvals', '--session', 'chat 42', '--limit', '1')).items).toHaveLength(
    1,
  );

  await json('comment', second, 'which one is it?', '--as', 'bob');
  await json('approve', second, '--as', 'alice');
  expect(await mine('alice')).toEqual([third, first]);
  await json('withdraw', second, '--as', 'alice');
  expect(await mine('alice')).toEqual([third, second, first]);
  const { out: card } = await holdpoint('approvals', 'show', second);
  expect(card).toMatch(/^waits for {2,}2 of reviewer$/m);
  expect(card).toMatch(/^comment {2,}bob, \S+: which one is it\?$/m);
  expect(card).not.toMatch(/^vote/m);

  const refused = await holdpoint('deny', first, third, '--reason', 'not mine', '--as', 'carol');
  expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('2 of 2 were refused') });
  const mixed = await holdpoint('approve', first, second, 'no-such-id', '--as', 'alice');
  expect(mixed.code).toBe(1);
  expect(mixed.out).toMatch(new RegExp(`^${first} +granted$`, 'm'));
  expect(mixed.out).toMatch(new RegExp(`^${second} +pending +more votes are needed$`, 'm'));
  expect(mixed.out).toMatch(/^no-such-id +refused +NOT_FOUND /m);
  expect(await json('approvals', 'cancel', third, '--as', 'bob')).toMatchObject({ status: 'cancelled' });

  const { code, out } = await followed;
  expect(code).toBe(0);
  const told = out.split('\n').map((text) => JSON.parse(text) as { event: string; approval: Approval });
  const events = told.filter(({ approval }) => approval.id === second).map(({ event }) => event);
  expect(events).toEqual(expect.arrayContaining(['approval.requested', 'approval.commented', 'approval.voted']));
});

test('an approver grants in advance, sees what for, and takes it back', async () => {
  const asked = await hold('like-it');
  const conditions = ['--approval', asked, '--arg', 'amount<=10', '--as', 'alice'];
  const { out } = await holdpoint('grants', 'preview', ...conditions);
  expect(out).toMatch(/^would have let through {2,}[1-9]/m);
  const ends = ['--until', '1h', '--uses', '1', '--reason', 'small ones'];
  const { id } = await json<StandingGrant>('grants', 'create', ...conditions, ...ends);
  const { decisions } = await system.propose(
    { plan_id: 'let-through', actions: [line('pay', { args: { amount: 5 } })] },
    20,
  );
  expect((await json<{ items: StandingGrant[] }>('grants')).items).toMatchObject([{ id, uses_left: 0 }]);
  const { out: shown } = await holdpoint('grants', 'show', id);
  expect(shown).toContain(decisions[0]?.action_id);
  expect(shown).toMatch(/^uses {2,}0 of 1 left/m);
  expect(await json('grants', 'revoke', id, '--as', 'alice')).toMatchObject({ revoked_at: expect.any(String) });
  expect((await json<{ items: StandingGrant[] }>('grants', '--active')).items).toEqual([]);
});

test('a program that asks and waits no more takes its question back', async () => {
  const client = createClient({ url: system.services.approvals[0]?.url ?? '', key: system.keys.operator });
  const waiting = new AbortController();
  const asking = client.approvals.request(
    { reason: 'about to push', audience: 'reviewer' },
    { signal: waiting.signal },
  );
  const asked = await system.until('it is asked', async () => {
    const { items } = await client.approvals.list({ status: 'pending' });
    return items.find(({ reason }) => reason === 'about to push');
  });
  waiting.abort();
  await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
  expect(await client.approvals.get(asked.id)).toMatchObject({ status: 'cancelled', votes: [] });
});
