import { createHmac } from 'node:crypto';
import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { line, type System, startSystem } from './system.ts';

let system: System;
let reviewer: string;
beforeAll(async () => {
  system = await startSystem();
  reviewer = await system.people.token('ann', ['reviewer']);
});
afterAll(() => system.stop());

const callsFor = (key: unknown) => system.observer.calls.filter((call) => call.key === key);
const action = async (id: string) => (await (await system.call('executor', `/v1/actions/${id}`)).json()) as Action;
const decide = (id: string, verb: string, body: unknown, key: string) =>
  system.call('approvals', `/v1/approvals/${id}/${verb}`, { body, key });
const reaches = (id: string, state: string) =>
  system.until(`${id} is ${state}`, async () => {
    const found = await action(id);
    return found.state === state && found;
  });

test('an allowed action runs unattended, once, with a receipt for each step', async () => {
  const set = line('set', { value: 180 });
  const { decisions, outcomes } = await system.propose({ plan_id: 'allow', actions: [set] }, 20);
  expect(decisions[0]).toMatchObject({ decision: 'ALLOW', state: 'queued', matched: ['sets'] });
  expect(outcomes?.[0]).toMatchObject({ outcome: 'applied', ok: true, attempts: 1 });
  expect(callsFor(set.idempotency_key)).toHaveLength(1);
  const { receipts } = await action(decisions[0]?.action_id ?? '');
  expect(receipts?.map(({ kind, outcome }) => `${kind} ${outcome}`).sort()).toEqual([
    'decision queued',
    'intent running',
    'outcome applied',
  ]);
});

test('a blocked action reaches nobody, and the rest of its plan goes on', async () => {
  const [dropped, capped, kept] = [line('drop'), line('set', { value: 501 }), line('set')];
  const { decisions, outcomes } = await system.propose({ plan_id: 'block', actions: [dropped, capped, kept] }, 20);
  expect(decisions.map(({ reasons }) => reasons[0]?.code)).toEqual(['no_policy', 'max_value', 'allowed']);
  expect(outcomes?.map(({ outcome, error }) => `${outcome} ${error ?? ''}`.trim())).toEqual([
    'blocked blocked by trust policy',
    'blocked blocked by trust policy',
    'applied',
  ]);
  expect([dropped, capped, kept].map((one) => callsFor(one.idempotency_key).length)).toEqual([0, 0, 1]);
});

test('a read bypasses policy, key and lane, and answers', async () => {
  const read = { connector: 'shop', tool: 'read', args: {} };
  const { decisions, outcomes } = await system.propose({ plan_id: 'read', actions: [read] }, 20);
  expect(decisions[0]).toMatchObject({ decision: 'ALLOW', reasons: [{ code: 'read' }] });
  expect(outcomes?.[0]).toMatchObject({ outcome: 'applied', ok: true });
  expect(outcomes?.[0]?.result).toHaveProperty('n');
});

test('an escalated action waits for a person, runs when granted, and shows no secret', async () => {
  const pay = line('pay', { args: { amount: 95, card: '4242-4242' } });
  const { decisions, outcomes } = await system.propose({ plan_id: 'grant', actions: [pay] }, 20);
  expect(decisions[0]).toMatchObject({ decision: 'ALERT', state: 'held' });
  expect(outcomes).toEqual([]);
  const id = decisions[0]?.approval_id ?? '';
  const asked = (await (await system.call('approvals', `/v1/approvals/${id}`)).json()) as Approval;
  expect(asked).toMatchObject({ status: 'pending', value: 95, requirements: [{ audience: 'reviewer', quorum: 1 }] });
  expect(JSON.stringify(asked)).not.toContain('4242');

  expect((await decide(id, 'approve', {}, system.keys.admin)).status).toBe(403);
  expect((await decide(id, 'approve', {}, await system.people.token('eve', ['interns']))).status).toBe(403);
  expect(callsFor(pay.idempotency_key)).toHaveLength(0);
  const granted = await decide(id, 'approve', { comment: 'fine' }, reviewer);
  expect(granted.status).toBe(200);
  expect(await granted.json()).toMatchObject({ status: 'granted', votes: [{ vote: 'approve', audience: 'reviewer' }] });
  const done = await reaches(decisions[0]?.action_id ?? '', 'applied');
  expect(callsFor(pay.idempotency_key)).toHaveLength(1);
  expect(done.receipts?.map(({ kind }) => kind)).toContain('approval');
  expect(JSON.stringify(done)).not.toContain('4242');
  expect((await decide(id, 'approve', {}, await system.people.token('bob', ['reviewer']))).status).toBe(409);
});

test('a denied action never runs, and its key stays taken: a denial is final', async () => {
  const pay = line('pay', { args: { amount: 1 } });
  const { decisions } = await system.propose({ plan_id: 'deny', actions: [pay] });
  const id = decisions[0]?.approval_id ?? '';
  expect((await decide(id, 'deny', {}, reviewer)).status).toBe(400);
  expect((await decide(id, 'deny', { reason: 'no' }, reviewer)).status).toBe(200);
  await reaches(decisions[0]?.action_id ?? '', 'denied');
  const again = await system.propose({ plan_id: 'deny-again', actions: [pay] }, 5);
  expect(again.decisions[0]).toMatchObject({ state: 'duplicate', duplicate_of: decisions[0]?.action_id });
  expect(again.outcomes?.[0]).toMatchObject({ outcome: 'duplicate', ok: false });
  expect(callsFor(pay.idempotency_key)).toHaveLength(0);
});

test('what nobody decides in time expires, and then cannot be granted', async () => {
  const pay = line('pay', { args: { amount: 1, soon: true } });
  const { decisions } = await system.propose({ plan_id: 'expire', actions: [pay] });
  await reaches(decisions[0]?.action_id ?? '', 'expired');
  const late = await decide(decisions[0]?.approval_id ?? '', 'approve', {}, reviewer);
  expect([409, 410]).toContain(late.status);
  expect(callsFor(pay.idempotency_key)).toHaveLength(0);
});

test('the same key in another plan is done once, and both plans are told', async () => {
  const set = line('set');
  const first = await system.propose({ plan_id: 'once', actions: [set] }, 20);
  const second = await system.propose({ plan_id: 'twice', actions: [set] }, 20);
  expect(second.outcomes?.[0]).toMatchObject({
    outcome: 'duplicate',
    ok: true,
    duplicate_of: first.decisions[0]?.action_id,
  });
  expect(callsFor(set.idempotency_key)).toHaveLength(1);
});

test('24 people and tabs that approve at once make one effect', async () => {
  for (let round = 0; round < 5; round += 1) {
    const pay = line('pay', { args: { amount: 1 } });
    const { decisions } = await system.propose({ plan_id: `race-${round}`, actions: [pay] });
    const tokens = await Promise.all(
      Array.from({ length: 24 }, (_, index) => system.people.token(`voter-${index % 12}`, ['reviewer'])),
    );
    await Promise.all(tokens.map((token) => decide(decisions[0]?.approval_id ?? '', 'approve', {}, token)));
    await reaches(decisions[0]?.action_id ?? '', 'applied');
    expect(callsFor(pay.idempotency_key)).toHaveLength(1);
  }
});

test('a webhook becomes an event that a plan can stand on; its copy is a duplicate', async () => {
  const body = JSON.stringify({ action: 'opened', issue: { number: 7 } });
  const signature = `sha256=${createHmac('sha256', 'its-a-secret').update(body).digest('hex')}`;
  const deliver = (delivery: string, signed = signature) =>
    fetch(`${system.services.ingest[0]?.url}/hooks/acme/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'issues',
        'x-github-delivery': delivery,
        'x-hub-signature-256': signed,
      },
      body,
    });
  const accepted = await deliver('d-1');
  expect(accepted.status).toBe(202);
  const { event_id } = (await accepted.json()) as { event_id: EventId };
  const repeated = await deliver('d-1');
  expect([repeated.status, await repeated.json()]).toEqual([200, { status: 'duplicate', event_id }]);
  expect(
    (
      await deliver(
        'd-2',
        signature.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
      )
    ).status,
  ).toBe(401);
  const stored = await system.nats.jsm.streams.getMessage('EVENTS', { last_by_subj: eventSubject('acme', event_id) });
  expect(stored && new TextDecoder().decode(stored.data)).toBe(body);

  const { decisions, outcomes } = await system.propose({ plan_id: 'hooked', event_id, actions: [line('set')] }, 20);
  expect(decisions[0]?.decision).toBe('ALLOW');
  expect(outcomes?.[0]?.outcome).toBe('applied');
});
