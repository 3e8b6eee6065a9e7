import { createClient } from '@holdpoint/sdk/client';
import type { Action, Decision } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { createPool } from '@holdpoint/shared/runtime/postgres';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { line, type System, startSystem } from './system.ts';

/** What is known to go wrong in systems where people approve what agents do: each here by its name, from the outside. */

const POLICIES = `export default [
  { id: 'pays', tool: 'pay', decision: 'ALERT', escalation: { audience: 'reviewer' } },
  { id: 'soon', tool: 'pay', when: (action) => action.args.soon === true, decision: 'ALERT', escalation: { audience: 'reviewer', ttlSeconds: 2 } },
  { id: 'drops', tool: 'drop', decision: 'ALERT', escalation: { audience: 'reviewer', quorum: 3 } },
];`;

let system: System;
let ann: string;
let plans = 0;

beforeAll(async () => {
  system = await startSystem({ instances: 2, files: { 'tenants/acme/policies.ts': POLICIES } });
  ann = await system.people.token('ann', ['reviewer']);
});
afterAll(() => system.stop());

interface Held {
  readonly proposed: Record<string, unknown>;
  readonly actionId: string;
  readonly approvalId: string;
}

async function hold(proposed = line('pay', { args: { amount: 9 } })): Promise<Held> {
  plans += 1;
  const { decisions } = await system.propose({ plan_id: `held-${plans}`, actions: [proposed] });
  expect(decisions[0]).toMatchObject({ state: 'held' });
  return { proposed, actionId: decisions[0]?.action_id ?? '', approvalId: decisions[0]?.approval_id ?? '' };
}

async function decide(id: string, verb: string, key: string, body: object = {}, instance = 0) {
  const response = await system.call('approvals', `/v1/approvals/${id}/${verb}`, { body, key, instance });
  return { status: response.status, body: (await response.json()) as Approval & { code?: string } };
}

const read = async <T>(service: 'approvals' | 'executor', path: string): Promise<T> =>
  (await (await system.call(service, path)).json()) as T;
const actionOf = ({ actionId }: Held) => read<Action>('executor', `/v1/actions/${actionId}`);
const approvalOf = ({ approvalId }: Held) => read<Approval>('approvals', `/v1/approvals/${approvalId}`);
const effectsOf = ({ proposed }: Held) =>
  system.observer.calls.filter(({ key }) => key === proposed.idempotency_key).length;
const reaches = (held: Held, state: Action['state']) =>
  system.until(`${held.actionId} is ${state}`, async () => (await actionOf(held)).state === state);

/** The same call again, with its approval. */
function comeBack({ proposed, approvalId }: Held, instance = 0): Promise<Response> {
  plans += 1;
  const url = system.services.evaluator[instance]?.url;
  return fetch(`${url}/v1/plans?wait=20`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${system.keys.operator}`,
      'content-type': 'application/json',
      'x-approval-id': approvalId,
    },
    body: JSON.stringify({ operator: 'risk', plan_id: `again-${plans}`, actions: [proposed] }),
  });
}

describe('a late approval that is accepted after its time', () => {
  test('is refused to the millisecond, also where it was sent in time and had to wait', async () => {
    const held = await hold(line('pay', { args: { amount: 9, soon: true } }));
    const { expires_at } = await approvalOf(held);
    const pool = createPool({ url: system.servers.databaseOwnerUrl, applicationName: 'test', max: 1 });
    const client = await pool.connect();
    try {
      // Whoever is at the row keeps the vote waiting past the end, and the announcement of the end away.
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM approvals WHERE id = $1 FOR UPDATE', [held.approvalId]);
      const sentInTime = decide(held.approvalId, 'approve', ann);
      await client.query("SELECT pg_sleep_until($1::timestamptz + interval '20 ms')", [expires_at]);
      expect(await approvalOf(held)).toMatchObject({ status: 'expired' });
      await client.query('COMMIT');
      expect(await sentInTime).toMatchObject({ status: 410, body: { code: 'APPROVAL_EXPIRED' } });
    } finally {
      client.release();
      await pool.end();
    }
    expect((await decide(held.approvalId, 'approve', ann, {}, 1)).status).toBeGreaterThanOrEqual(409);
    await reaches(held, 'expired');
    expect((await comeBack(held)).status).toBe(410);
    expect(effectsOf(held)).toBe(0);
  });
});

describe('one approval that is executed twice', () => {
  test('is spent once, however often the grant is told and the call comes back', async () => {
    const held = await hold();
    const facts: { subject: string; data: Uint8Array }[] = [];
    const listening = system.nats.nc.subscribe('approvals.acme.granted.risk', {
      callback: (_, { subject, data }) => void facts.push({ subject, data }),
    });
    await decide(held.approvalId, 'approve', ann);
    const back = Array.from({ length: 8 }, (_, index) => comeBack(held, index % 2));
    const told = await system.until('the grant is told', async () => facts[0]);
    for (let copy = 0; copy < 5; copy += 1) await system.nats.js.publish(told.subject, told.data);
    for (const answer of await Promise.all(back)) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ outcomes: [{ action_id: held.actionId, outcome: 'applied' }] });
    }
    for (let copy = 0; copy < 5; copy += 1) await system.nats.js.publish(told.subject, told.data);
    listening.unsubscribe();
    // Each of these was decided after the copies were there to be taken.
    const after = await hold();
    await decide(after.approvalId, 'approve', ann);
    await reaches(after, 'applied');
    expect(effectsOf(held)).toBe(1);
    expect((await actionOf(held)).receipts?.filter(({ kind }) => kind === 'intent')).toHaveLength(1);
  });
});

describe('two tabs that make two effects', () => {
  test('make one vote, one grant and one effect, and both are told the same', async () => {
    for (let round = 0; round < 5; round += 1) {
      const held = await hold();
      const tabs = Array.from({ length: 6 }, (_, tab) => decide(held.approvalId, 'approve', ann, {}, tab));
      const answers = await Promise.all(tabs);
      expect(answers.map(({ status, body }) => `${status} ${body.status}`)).toEqual(tabs.map(() => '200 granted'));
      await reaches(held, 'applied');
      expect(effectsOf(held)).toBe(1);
      expect((await approvalOf(held)).votes).toHaveLength(1);
    }
  });

  test('that say yes and no are one answer: whichever came first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const held = await hold();
      const [yes, no] = await Promise.all([
        decide(held.approvalId, 'approve', ann, {}, 0),
        decide(held.approvalId, 'deny', ann, { reason: 'no' }, 1),
      ]);
      expect([yes.status, no.status].sort()).toEqual([200, 409]);
      await reaches(held, yes.status === 200 ? 'applied' : 'denied');
      expect(effectsOf(held)).toBe(yes.status === 200 ? 1 : 0);
    }
  });
});

describe('an approver who is not recorded', () => {
  test.each(['approve', 'deny'] as const)('stands in the vote and in the receipt: %s', async (verb) => {
    const [alone, batched] = [await hold(), await hold()];
    await decide(alone.approvalId, verb, ann, verb === 'deny' ? { reason: 'no' } : { comment: 'fine' });
    const body = { ids: [batched.approvalId], vote: verb, reason: 'all of these' };
    await system.call('approvals', '/v1/approvals/batch', { body, key: ann });
    for (const held of [alone, batched]) {
      const [vote] = (await approvalOf(held)).votes;
      expect(vote).toMatchObject({ principal: 'https://people.test|ann', name: 'ann', vote: verb });
      const receipts = (await actionOf(held)).receipts?.filter(({ kind }) => kind === 'approval');
      expect(receipts).toMatchObject([{ actor: vote?.principal }]);
    }
  });
});

describe('an agent that approves by its own key', () => {
  test('is no person, whatever its key may do', async () => {
    const held = await hold();
    const robot = await system.people.token('robot', ['reviewer'], { idtyp: 'app' });
    const self = await system.people.token('risk', ['reviewer'], { idtyp: undefined });
    for (const key of [system.keys.operator, system.keys.admin, system.keys.platform, robot, self]) {
      for (const verb of ['approve', 'deny', 'withdraw']) {
        const { status, body } = await decide(held.approvalId, verb, key, verb === 'deny' ? { reason: 'x' } : {});
        expect([status, body.code]).toEqual([403, 'NOT_A_PERSON']);
      }
      const body = { ids: [held.approvalId], vote: 'approve' };
      expect((await system.call('approvals', '/v1/approvals/batch', { body, key })).status).toBe(403);
    }
    expect(await approvalOf(held)).toMatchObject({ status: 'pending', votes: [] });
    expect((await comeBack(held)).status).toBe(403);
    expect(effectsOf(held)).toBe(0);
  });
});

describe('arguments that are compared by unsorted JSON', () => {
  test('are the same in any order of keys, and other with any other value', async () => {
    const args = { amount: 9, note: { to: 'sam', from: 'ann' } };
    const held = await hold(line('pay', { args }));
    const sorted = { ...held.proposed, args: { note: { from: 'ann', to: 'sam' }, amount: 9 } };
    const again = await system.propose({ plan_id: 'sorted', actions: [sorted] });
    expect(again.decisions[0]).toMatchObject({
      state: 'duplicate',
      duplicate_of: held.actionId,
    } satisfies Partial<Decision>);
    const other = { ...held.proposed, args: { ...args, note: { to: 'eve', from: 'ann' } } };
    const { decisions } = await system.propose({ plan_id: 'other', actions: [other] });
    expect(decisions[0]?.reasons[0]?.code).toBe('idempotency_conflict');
    await decide(held.approvalId, 'approve', ann);
    expect((await comeBack({ ...held, proposed: sorted })).status).toBe(200);
    expect((await comeBack({ ...held, proposed: other })).status).toBe(409);
    expect(effectsOf(held)).toBe(1);
  });
});

describe('assume-approved on risky work', () => {
  const nowhere = createClient({ url: 'http://127.0.0.1:1', key: 'hp_x' });
  const request = { reason: 'about to push', audience: 'reviewer', timeoutMs: 1_000 };
  const assume = { onApprovalUnavailable: 'assume-approved' } as const;

  test.each(['medium', 'high', undefined] as const)(
    'is refused before anybody is asked: urgency %s',
    async (urgency) => {
      const url = system.services.approvals[0]?.url ?? '';
      const here = createClient({ url, key: system.keys.operator });
      const count = async () =>
        (await read<{ items: unknown[] }>('approvals', '/v1/approvals?operator=operator')).items.length;
      const before = await count();
      for (const client of [here, nowhere]) {
        await expect(client.approvals.request({ ...request, urgency }, assume)).rejects.toMatchObject({
          code: 'INVALID_REQUEST',
        });
      }
      expect(await count()).toBe(before);
    },
  );

  test('is for the lowest urgency alone, and never what holds unless told', async () => {
    expect(await nowhere.approvals.request({ ...request, urgency: 'low' }, assume)).toBe(true);
    await expect(nowhere.approvals.request({ ...request, urgency: 'low' })).rejects.toMatchObject({
      code: 'DEPENDENCY_UNAVAILABLE',
    });
  });
});

describe('votes of a quorum that race to a request that is stuck', () => {
  test('grant it, whichever comes last', async () => {
    const people = await Promise.all(['ann', 'bob', 'cy'].map((name) => system.people.token(name, ['reviewer'])));
    for (let round = 0; round < 8; round += 1) {
      const held = await hold(line('drop'));
      const votes = people.map((key, index) => decide(held.approvalId, 'approve', key, {}, index));
      const answers = await Promise.all(votes);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(await approvalOf(held)).toMatchObject({ status: 'granted' });
      await reaches(held, 'applied');
      expect(effectsOf(held)).toBe(1);
    }
  });
});

describe('a link that is consumed by a mail scanner', () => {
  test('decides nothing by being opened', async () => {
    const held = await hold();
    const url = system.services.approvals[0]?.url;
    const paths = ['', '/approve', '/deny'].map((verb) => `/v1/approvals/${held.approvalId}${verb}`);
    for (const path of [...paths, `/approvals/${held.approvalId}`, `/approvals/${held.approvalId}?vote=approve`]) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        await (await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${ann}` } })).body?.cancel();
      }
    }
    expect(await approvalOf(held)).toMatchObject({ status: 'pending', votes: [] });
    const { rows } = await sql`SELECT 1 FROM votes WHERE approval = ${held.approvalId}`.execute(system.db);
    expect(rows).toEqual([]);
  });
});
