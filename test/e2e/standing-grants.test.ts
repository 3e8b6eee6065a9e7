import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line, type System, startSystem } from './system.ts';

let system: System;
let ann: string;
beforeAll(async () => {
  system = await startSystem();
  ann = await system.people.token('ann', ['reviewer']);
});
afterAll(() => system.stop());

const pay = (amount: number) => line('pay', { args: { amount, n: `pay-${amount}`, card: '4111' } });
const approvals = async <T>(path: string, body?: unknown): Promise<T> => {
  const response = await system.call('approvals', path, { key: ann, ...(body !== undefined && { body }) });
  expect(response.ok).toBe(true);
  return (await response.json()) as T;
};
const actionOf = async (id = ''): Promise<Action> =>
  (await (await system.call('executor', `/v1/actions/${id}`)).json()) as Action;
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

test('a second payment like the first runs unasked, and its receipts say by whose grant', async () => {
  const first = await system.propose({ plan_id: 'first', actions: [pay(40)] });
  expect(first.decisions[0]?.state).toBe('held');
  const asked = first.decisions[0]?.approval_id;
  const terms = { approval_id: asked, args: [{ path: 'amount', max: 50 }], max_value: 50, until: inAnHour(), uses: 2 };
  const seen = await approvals('/v1/standing-grants/preview', terms);
  expect(seen).toMatchObject({ looked_at: 1, matched_count: 1, matched: [{ args: { amount: 40, card: '•••' } }] });
  await approvals(`/v1/approvals/${asked}/approve`, {});
  const grant = await approvals<StandingGrant>('/v1/standing-grants', { ...terms, reason: 'small ones are fine' });

  const second = await system.propose({ plan_id: 'second', actions: [pay(45), pay(60)] }, 20);
  expect(second.decisions.map(({ state }) => state)).toEqual(['queued', 'held']);
  const id = second.decisions[0]?.action_id;
  const action = await system.until('it is applied', async () => {
    const found = await actionOf(id);
    return found.state === 'applied' && found;
  });
  const receipts = (action.receipts ?? []).map(({ kind, actor, outcome }) => [kind, actor.split('|')[0], outcome]);
  expect(receipts.sort()).toEqual(
    [
      ['decision', 'evaluator', 'queued'],
      ['approval', 'https://people.test', 'granted'],
      ['intent', 'executor', 'running'],
      ['outcome', 'executor', 'applied'],
    ].sort(),
  );
  const said = (action.receipts ?? []).flatMap(({ reasons }) => (reasons ?? []).map(({ message }) => message));
  expect(said).toContain(`granted in advance by ann (standing grant ${grant.id}, 1 of 2 uses left)`);
  expect(said).toContain('small ones are fine');
  expect(await approvals<Approval>(`/v1/approvals/${action.approval_id}`)).toMatchObject({
    status: 'granted',
    standing_grant_id: grant.id,
    votes: [{ principal: 'https://people.test|ann', name: 'ann', vote: 'approve' }],
  });
  expect(await approvals(`/v1/standing-grants/${grant.id}`)).toMatchObject({
    uses_left: 1,
    used_by: [{ action_id: id, value: 45, state: 'applied' }],
  });
});

test('an action that a freeze kept waiting is scored again and goes on by the use that it spent', async () => {
  const terms = { operator: 'risk', connector: 'desk', tool: 'pay', until: inAnHour(), uses: 1, reason: 'for once' };
  const grant = await approvals<StandingGrant>('/v1/standing-grants', terms);
  const freeze = await system.call('executor', '/v1/freezes', { body: { connector: 'desk', reason: 'wait' } });
  const { id: freezeId } = (await freeze.json()) as { id: string };
  const plan = { plan_id: 'frozen', actions: [{ ...pay(7), connector: 'desk' }] };
  const id = (await system.propose(plan)).decisions[0]?.action_id;
  expect((await actionOf(id)).state).toBe('queued');
  const { url } = system.services.executor[0] as { url: string };
  const headers = { authorization: `Bearer ${system.keys.admin}` };
  expect((await fetch(`${url}/v1/freezes/${freezeId}`, { method: 'DELETE', headers })).status).toBe(200);
  const action = await system.until('it is applied', async () => {
    const found = await actionOf(id);
    return found.state === 'applied' && found;
  });
  const scored = (action.receipts ?? []).filter(({ kind }) => kind === 'decision');
  expect(scored.map(({ outcome }) => outcome)).toEqual(['queued', 'queued']);
  for (const { reasons } of scored) expect(reasons?.map(({ code }) => code)).toContain('standing_grant');
  expect(await approvals(`/v1/standing-grants/${grant.id}`)).toMatchObject({
    uses_left: 0,
    used_by: [{ action_id: id }],
  });
});
