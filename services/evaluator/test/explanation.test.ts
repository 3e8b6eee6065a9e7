import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { ActionExplanation, Explanation } from '@holdpoint/shared/domain/explanation';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const POLICIES = `export default [
  { id: 'holds', connector: 'shop', tool: 'orders.hold', appliesUpTo: 500, decision: 'ALLOW' },
  { id: 'refunds', connector: 'shop', tool: 'orders.refund', decision: 'ALERT' },
  { id: 'spins', tool: 'orders.spin', maxValue: 1, decision: 'ALLOW',
    predicate: (action) => { if (action.value === 1 || action.value === 0.5) for (;;); return true; } },
  ...Array.from({ length: 8 }, (_, n) => ({ id: \`slow-\${n}\`, tool: 'orders.cancel', maxValue: n, decision: 'ALLOW',
    when: () => { const until = Date.now() + 40; while (Date.now() < until); return false; } })),
];`;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit({
    ...WORKSPACE,
    'tenants/acme/policies.ts': POLICIES,
    'tenants/beta/policies.ts': "export default [{ id: 'beta', connector: 'shop', decision: 'ALLOW' }];",
  });
  service = await kit.start();
});
afterAll(() => kit.stop());

const get = (id: string, key: string | undefined = kit.keys.admin, from = service) =>
  fetch(`${from.url}/v1/actions/${id}/explanation`, { headers: key ? { authorization: `Bearer ${key}` } : {} });

async function explanationOf(id: string, from = service): Promise<ActionExplanation> {
  const response = await get(id, kit.keys.admin, from);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as ActionExplanation;
}

async function propose(planId: string, actions: readonly unknown[], more: object = {}): Promise<Decision[]> {
  const response = await kit.post(service, '/v1/plans', { plan_id: planId, operator: 'risk', actions, ...more });
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { decisions: Decision[] }).decisions;
}

async function evaluate(body: object): Promise<(Decision & { explanation?: Explanation })[]> {
  const response = await kit.post(service, '/v1/evaluate', body, kit.keys.admin);
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { decisions: (Decision & { explanation?: Explanation })[] }).decisions;
}

describe('a recorded action is explained', () => {
  test('by the rules and the facts that decided it', async () => {
    const [decision] = await propose('over', [line('orders.hold', { value: 820 })]);
    const told = await explanationOf(decision?.action_id ?? '');
    expect(told).toMatchObject({
      recorded: { decision: 'BLOCK', state: 'blocked', policy_version: decision?.policy_version },
      same_policies: true,
      basis: 'rules',
      explanation: {
        decision: 'BLOCK',
        step: 'match',
        near_misses: [{ policy: 'holds', selector: 'appliesUpTo' }],
        nearest: { change: { field: 'value', to: 500 }, decision: 'ALLOW', range: { up_to: 500 } },
      },
    });
  });

  test('without its secrets', async () => {
    const [decision] = await propose('secret', [line('orders.refund', { args: { amount: 5, card: '4242424242' } })]);
    const told = await explanationOf(decision?.action_id ?? '');
    expect(told.explanation).toMatchObject({ decision: 'ALERT', step: 'escalation' });
    expect(JSON.stringify(told)).not.toContain('4242424242');
  });

  test('from its record where only the transaction knew, or its plan was refused', async () => {
    const first = line('orders.hold', { value: 1 });
    const [taken] = await propose('first', [first]);
    const [conflict] = await propose('second', [{ ...first, value: 2 }]);
    const told = await explanationOf(conflict?.action_id ?? '');
    expect(told).toMatchObject({ basis: 'record', same_policies: true, explanation: { step: 'key', matched: [] } });
    expect(told.explanation.sentence).toContain(taken?.action_id);
    const expired = { expires_at: '2020-01-01T00:00:00Z' };
    const [late] = await propose('late', [line('orders.hold', { value: 1 })], expired);
    expect(await explanationOf(late?.action_id ?? '')).toMatchObject({
      basis: 'record',
      explanation: { step: 'plan' },
    });
    const [lost] = await propose('lost', [line('orders.hold', { value: 1 })], { event_id: 'shopify.order.gone' });
    expect(await explanationOf(lost?.action_id ?? '')).toMatchObject({
      basis: 'record',
      explanation: { step: 'event' },
    });
  });

  test('under other policies than decided it with what they say now, beside what was recorded', async () => {
    const [decision] = await propose('before', [line('orders.hold', { value: 700 })]);
    await writeFile(join(kit.workspaceDir, 'tenants/acme/policies.ts'), POLICIES.replace('500', '800'));
    const other = await kit.start();
    await writeFile(join(kit.workspaceDir, 'tenants/acme/policies.ts'), POLICIES);
    expect(await explanationOf(decision?.action_id ?? '', other)).toMatchObject({
      same_policies: false,
      recorded: { decision: 'BLOCK', reasons: [{ code: 'no_policy' }] },
      explanation: { decision: 'ALLOW', matched: [{ policy: 'holds' }] },
    });
  });
});

describe('an explanation is refused', () => {
  test('without a key, and to a key that is no admin’s', async () => {
    const [decision] = await propose('asked', [line('orders.hold', { value: 1 })]);
    expect((await get(decision?.action_id ?? '', '')).status).toBe(401);
    expect((await get(decision?.action_id ?? '', kit.keys.operator)).status).toBe(403);
  });

  test('for what is no action, and for another tenant’s', async () => {
    expect((await get('019a0000-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await get('no-id')).status).toBe(404);
    await kit.publish({ plan_id: 'theirs', actions: [line('orders.hold')] }, 'risk', 'beta');
    const theirs = await kit.until(() =>
      kit.db.selectFrom('actions').select('id').where('tenant', '=', 'beta').executeTakeFirst(),
    );
    expect((await get(theirs.id)).status).toBe(404);
  });
});

describe('a rehearsal is explained', () => {
  test('line by line where it is asked for, and not otherwise', async () => {
    const plan = { plan_id: 'try', actions: [line('orders.hold', { value: 820 }), line('orders.read')] };
    expect((await evaluate({ plan }))[0]).not.toHaveProperty('explanation');
    const [hold, read] = await evaluate({ plan, explain: true });
    expect(hold?.explanation?.nearest?.sentence).toBe('at 500 or less this is ALLOW');
    expect(read?.explanation).toMatchObject({ step: 'read', matched: [] });
  });

  test('by the policies that stand in', async () => {
    const plan = { plan_id: 'try', actions: [line('orders.hold')] };
    const policies = [{ id: 'own', when: 'env.source == "nobody"', decision: 'ALLOW' }];
    const [told] = await evaluate({ plan, policies, explain: true });
    expect(told?.explanation?.near_misses).toMatchObject([{ policy: 'own', selector: 'when' }]);
  });

  test('no further than its verdict where code does not come back from what would be, which blocks nothing', async () => {
    const spin = (value: number) => line('orders.spin', { value });
    const plan = { plan_id: 'try', actions: [spin(5), spin(0.5), spin(0.2), line('orders.hold', { value: 1 })] };
    const told = await evaluate({ plan, explain: true });
    expect(told.map(({ decision, reasons }) => `${decision} ${reasons[0]?.code}`)).toEqual([
      'BLOCK max_value',
      'BLOCK policy_error',
      'ALLOW allowed',
      'ALLOW allowed',
    ]);
    expect(told[0]?.explanation).toMatchObject({ step: 'constraints', matched: [] });
    expect(told[1]?.explanation?.sentence).toContain('did not answer in time');
    expect(told[3]?.explanation?.matched).toMatchObject([{ policy: 'holds' }]);
  });

  // Its eight conditions take 40 ms each: what there is to try would take a multiple of what explanations may.
  test('as far as the time goes, and says that it was cut short', async () => {
    const plan = { plan_id: 'try', actions: [line('orders.cancel', { value: 100 })] };
    const [told] = await evaluate({ plan, explain: true });
    expect(told).toMatchObject({ decision: 'BLOCK', explanation: { step: 'match', incomplete: true } });
  });
});
