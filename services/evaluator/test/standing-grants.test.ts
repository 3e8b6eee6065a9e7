import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { GrantCondition } from '@holdpoint/shared/domain/standing-grant';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const REFUNDS = "{ id: 'refunds', tool: 'orders.refund', decision: 'ALERT' }";
const POLICIES = `[
  ${REFUNDS},
  { id: 'cancels', tool: 'orders.cancel', limit: { count: 2, per: '24h', by: 'entity' }, decision: 'ALERT' },
]`;
const two = (policy: string) =>
  `{ id: '${policy}', tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'compliance' } }`;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit({ ...WORKSPACE, 'tenants/acme/policies.ts': `export default ${POLICIES};` });
  service = await kit.start();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await sql`UPDATE standing_grants SET revoked_at = now(), revoked_by = 'test' WHERE revoked_at IS NULL`.execute(
    kit.db,
  );
});

interface Terms {
  readonly principal?: string;
  readonly audiences?: readonly string[];
  readonly tool?: string;
  readonly args?: readonly GrantCondition[];
  readonly maxValue?: number | null;
  readonly uses?: number;
  readonly until?: string;
  readonly tenant?: string;
}

/** What the approvals service does when a person grants. */
async function given(terms: Terms = {}): Promise<string> {
  const id = newId();
  const { principal = 'iss|ann', audiences = ['reviewer'], tool = 'orders.refund', uses = 100 } = terms;
  await sql`
    INSERT INTO standing_grants (id, tenant, operator, connector, tool, args, max_value, until, uses, uses_left, audiences,
      granted_by, granted_by_name, reason)
    VALUES (${id}, ${terms.tenant ?? 'acme'}, 'risk', 'shop', ${tool}, ${JSON.stringify(terms.args ?? [])}::jsonb,
      ${terms.maxValue ?? null}, ${terms.until ?? '2999-01-01'}::timestamptz, ${uses}, ${uses},
      ${JSON.stringify(audiences)}::jsonb, ${principal}, 'Ann', 'known good')`.execute(kit.db);
  return id;
}

let plans = 0;
async function propose(actions: readonly unknown[], more: object = {}): Promise<Decision[]> {
  plans += 1;
  const plan = { plan_id: `plan-${plans}`, operator: 'risk', actions, ...more };
  const response = await kit.post(service, '/v1/plans', plan);
  expect(response.status).toBe(200);
  return ((await response.json()) as { decisions: Decision[] }).decisions;
}

const refund = (amount = 9, more: object = {}) => line('orders.refund', { args: { amount }, ...more });
const cancel = (entity_key: string) => line('orders.cancel', { entity_key });
const states = async (...asked: Parameters<typeof propose>) => (await propose(...asked)).map(({ state }) => state);
const usesLeft = async (id: string) =>
  (await kit.db.selectFrom('standing_grants').select('uses_left').where('id', '=', id).executeTakeFirstOrThrow())
    .uses_left;
const approvalsOf = (id: string) =>
  kit.db.selectFrom('approvals').selectAll().where('action', '=', id).orderBy('id').execute();
const receiptsOf = (id: string) =>
  kit.db
    .selectFrom('receipts')
    .select(['kind', 'actor', 'outcome', 'reasons'])
    .where('action', '=', id)
    .orderBy('id')
    .execute();
const actionOf = (id: string) =>
  kit.db.selectFrom('actions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('a line that a standing grant covers', () => {
  test('joins its lane in place of being held, and its record says by whose grant', async () => {
    const grant = await given({ args: [{ path: 'amount', max: 10 }], maxValue: 10 });
    const [first] = await propose([refund(9)]);
    const said = `granted in advance by Ann (standing grant ${grant}, 99 of 100 uses left)`;
    expect(first).toMatchObject({ decision: 'ALERT', state: 'queued', matched: ['refunds'] });
    expect(first?.reasons.map(({ code }) => code)).toEqual(['escalated', 'standing_grant']);
    expect(first?.reasons[1]?.message).toBe(said);
    const id = first?.action_id ?? '';
    expect(await actionOf(id)).toMatchObject({ state: 'queued', lane_seq: 1, approval_id: first?.approval_id });
    const [approval] = await approvalsOf(id);
    expect(approval).toMatchObject({
      status: 'granted',
      standing_grant_id: grant,
      requirements: first?.escalation?.requirements,
    });
    expect(approval?.decided_at).not.toBeNull();
    const votes = await kit.db
      .selectFrom('votes')
      .selectAll()
      .where('approval', '=', approval?.id ?? '')
      .execute();
    expect(votes).toMatchObject([
      {
        principal: 'iss|ann',
        vote: 'approve',
        audiences: ['reviewer'],
        comment: `standing grant ${grant}: known good`,
      },
    ]);
    const receipts = await receiptsOf(id);
    expect(receipts.map(({ kind, actor, outcome }) => [kind, actor, outcome])).toEqual([
      ['decision', 'evaluator', 'queued'],
      ['approval', 'iss|ann', 'granted'],
    ]);
    expect(receipts[0]?.reasons?.[1]?.message).toBe(said);
    expect(receipts[1]?.reasons?.map(({ message }) => message)).toEqual([
      `approve: standing grant ${grant}: approval ${approval?.id} is granted, 99 of 100 uses left`,
      'known good',
    ]);
    expect(await usesLeft(grant)).toBe(99);
  });

  test('is told as granted, and nobody is told to be asked', async () => {
    const grant = await given();
    const [one] = await propose([refund()]);
    const told = await kit.until(async () => {
      const messages = await kit.messages('APPROVALS');
      const own = messages.filter(({ body }) => (body as Approval).id === one?.approval_id);
      return own.length > 0 && own;
    });
    expect(told.map(({ subject }) => subject)).toEqual(['approvals.acme.granted.risk']);
    expect(told[0]?.body).toMatchObject({
      status: 'granted',
      standing_grant_id: grant,
      votes: [{ principal: 'iss|ann', audience: 'reviewer', vote: 'approve' }],
    });
  });

  test('is what its claim demands: granted, for this action and its digest, unspent', async () => {
    await given();
    const [one] = await propose([refund()]);
    const { rows } = await sql<{ covers: boolean }>`
      SELECT approval_covers(approval_id, id, digest, attempts) AS covers FROM actions
      WHERE id = ${one?.action_id}`.execute(kit.db);
    expect(rows).toEqual([{ covers: true }]);
  });

  test('proposed again is answered as it was, and spends nothing', async () => {
    const grant = await given();
    const plan = { plan_id: 'again', operator: 'risk', actions: [refund()] };
    const [first, second] = [await kit.post(service, '/v1/plans', plan), await kit.post(service, '/v1/plans', plan)];
    expect(await second.json()).toEqual(await first.json());
    expect(await usesLeft(grant)).toBe(99);
  });

  test('is explained by the grant, and by the policies that asked', async () => {
    await given();
    const [one] = await propose([refund()]);
    const response = await fetch(`${service.url}/v1/actions/${one?.action_id}/explanation`, {
      headers: { authorization: `Bearer ${kit.keys.admin}` },
    });
    const { explanation } = (await response.json()) as { explanation: { sentence: string; matched: unknown[] } };
    expect(explanation.sentence).toMatch(/^ALERT: it runs, and .*granted in advance by Ann/);
    expect(explanation.matched).toMatchObject([{ policy: 'refunds' }]);
  });
});

describe('no use is spent', () => {
  test('on a line that is another’s duplicate, that a policy blocks, or that a limit refuses', async () => {
    const grants = [await given({ uses: 5 }), await given({ tool: 'orders.cancel', uses: 5 })];
    const same = refund(9, { idempotency_key: 'twice', entity_key: 'order:twice' });
    expect(await states([same, same])).toEqual(['queued', 'duplicate']);
    expect(await states([same])).toEqual(['duplicate']);
    expect(await states([refund(9, { value: 12 })])).toEqual(['blocked']);
    expect(await states([cancel('order:l'), cancel('order:l'), cancel('order:l')])).toEqual([
      'queued',
      'queued',
      'blocked',
    ]);
    expect(await Promise.all(grants.map(usesLeft))).toEqual([4, 3]);
  });

  test('where it is not all that is asked: a grant of one of two who must agree leaves the line held', async () => {
    await restart(`[${REFUNDS}, ${two('large')}]`);
    const ann = await given();
    expect(await states([refund()])).toEqual(['held']);
    expect(await usesLeft(ann)).toBe(100);
    const annAgain = await given({ audiences: ['compliance'] });
    expect(await states([refund()])).toEqual(['held']);
    const bob = await given({ principal: 'iss|bob', audiences: ['compliance'] });
    const [one] = await propose([refund()]);
    expect(one?.state).toBe('queued');
    expect(await Promise.all([ann, annAgain, bob].map(usesLeft))).toEqual([99, 100, 99]);
    expect(await receiptsOf(one?.action_id ?? '')).toHaveLength(3);
    await restart(POLICIES);
  });

  test.each([
    ['another tenant’s', { tenant: 'other' }],
    ['of another tool', { tool: 'orders.hold' }],
    ['over its value', { maxValue: 8.99 }],
    ['that ended', { until: '2020-01-01' }],
    ['of somebody whom the policy does not ask', { audiences: ['marketing'] }],
    ['for other arguments', { args: [{ path: 'amount', equals: 10 }] }],
  ] as const)('of a grant %s', async (_, terms) => {
    const grant = await given(terms);
    expect(await states([refund()])).toEqual(['held']);
    expect(await usesLeft(grant)).toBe(100);
  });

  test('by what a tool hides from people, not even where they guessed it', async () => {
    const pinned = await given({ args: [{ path: 'card', equals: '4111' }] });
    const mask = await given({ args: [{ path: 'card', equals: '•••' }] });
    const secret = line('orders.refund', { args: { amount: 9, card: '4111' } });
    expect(await states([secret])).toEqual(['held']);
    expect(await Promise.all([pinned, mask].map(usesLeft))).toEqual([100, 100]);
  });

  test('of who is said to benefit, by principal or by bare subject, unless policies let them', async () => {
    await given({ principal: 'iss|ann' });
    for (const on_behalf_of of ['iss|ann', 'ann']) {
      expect(await states([refund()], { agent: { id: 'a', on_behalf_of } })).toEqual(['held']);
    }
    await restart(
      `[{ id: 'own', tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'reviewer', selfApproval: true } }]`,
    );
    expect(await states([refund()], { agent: { id: 'a', on_behalf_of: 'ann' } })).toEqual(['queued']);
    await restart(POLICIES);
  });
});

describe('an action that waits', () => {
  /** As the executor does with an authorisation that is too old. */
  const putAside = (id: string) =>
    kit.db.updateTable('actions').set({ state: 'rescore', lane_seq: null }).where('id', '=', id).execute();
  const leaves = (id: string) =>
    kit.until(async () => {
      const row = await actionOf(id);
      return row.state !== 'rescore' && row;
    });

  test('too long for its authorisation goes on by the consent that it spent, though the grant is gone', async () => {
    const grant = await given({ uses: 1 });
    const [one] = await propose([refund()]);
    const id = one?.action_id ?? '';
    expect(await usesLeft(grant)).toBe(0);
    await putAside(id);
    const row = await leaves(id);
    expect(row).toMatchObject({ state: 'queued', approval_id: one?.approval_id });
    expect(row.reasons.map(({ code }) => code)).toEqual(['escalated', 'standing_grant']);
    expect(await approvalsOf(id)).toHaveLength(1);
    const [use, ...more] = await kit.db
      .selectFrom('standing_grant_uses')
      .selectAll()
      .where('action', '=', id)
      .execute();
    expect([use?.standing_grant, more]).toEqual([grant, []]);
  });

  test('whose policies ask for more by now goes on by a grant of another person, or is held for what is missing', async () => {
    const ann = await given({ audiences: ['reviewer', 'compliance'] });
    const ids = (await propose([refund(), refund()])).map(({ action_id }) => action_id);
    const bob = await given({ principal: 'iss|bob', audiences: ['compliance'], uses: 1 });
    await restart(`[${REFUNDS}, ${two('large')}]`, async () => {
      for (const id of ids) await putAside(id);
    });
    const rows = await Promise.all(ids.map(leaves));
    expect(rows.map(({ state }) => state).sort()).toEqual(['held', 'queued']);
    const on = rows.find(({ state }) => state === 'queued');
    const [, second] = await approvalsOf(on?.id ?? '');
    expect(second).toMatchObject({ id: on?.approval_id, status: 'granted', standing_grant_id: bob });
    expect(second?.requirements).toEqual([{ audience: 'compliance', quorum: 1 }]);
    expect(on?.reasons.filter(({ code }) => code === 'standing_grant')).toHaveLength(2);
    expect(await usesLeft(ann)).toBe(98);
    await restart(POLICIES);
  });

  test('is blocked by a policy of now, whatever was granted; the use stays spent', async () => {
    const grant = await given();
    const [one] = await propose([refund()]);
    const id = one?.action_id ?? '';
    await restart(`[${REFUNDS}, { id: 'veto', tool: 'orders.refund', decision: 'BLOCK' }]`, () => putAside(id));
    const row = await leaves(id);
    expect(row).toMatchObject({ state: 'blocked', decision: 'BLOCK' });
    expect(row.reasons.map(({ code }) => code)).toEqual(['veto']);
    expect(await usesLeft(grant)).toBe(99);
    await restart(POLICIES);
  });
});

async function restart(policies: string, meanwhile?: () => Promise<unknown>): Promise<void> {
  await service.stop();
  await writeFile(join(kit.workspaceDir, 'tenants/acme/policies.ts'), `export default ${policies};`);
  await meanwhile?.();
  service = await kit.start();
}
