import type { Decision } from '@holdpoint/shared/domain/action';
import { actionDigest, commitSecrets } from '@holdpoint/shared/domain/digest';
import type { DecisionsFact, OutcomesFact } from '@holdpoint/shared/messages/facts';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit();
  service = await kit.start();
});
afterAll(() => kit.stop());

const actionsOf = (planId: string) =>
  kit.db.selectFrom('actions').selectAll().where('plan_id', '=', planId).orderBy('index').execute();
const decided = (planId: string) =>
  kit.until(async () => {
    const actions = await actionsOf(planId);
    return actions.length > 0 && actions;
  });

test('a plan over NATS is decided line by line, recorded with receipts, and published by decision', async () => {
  await kit.publish({
    plan_id: 'three',
    actions: [
      line('orders.hold', { value: 180 }),
      line('orders.refund', { args: { amount: 95, card: '4242' } }),
      line('orders.cancel'),
      { connector: 'shop', tool: 'orders.read', args: {} },
      'nonsense',
    ],
  });
  const actions = await decided('three');
  expect(actions.map(({ decision, state }) => `${decision} ${state}`)).toEqual([
    'ALLOW queued',
    'ALERT held',
    'BLOCK blocked',
    'ALLOW queued',
    'BLOCK blocked',
  ]);
  expect(actions[1]?.value).toBe(95);
  expect(actions[0]?.lane_seq).toBe(1);
  expect(actions[1]?.lane_seq).toBeNull();
  const receipts = await kit.db
    .selectFrom('receipts')
    .selectAll()
    .where('plan', '=', actions[0]?.plan ?? '')
    .execute();
  expect(receipts.map(({ kind }) => kind)).toEqual(Array(5).fill('decision'));
  const approval = await kit.db.selectFrom('approvals').selectAll().executeTakeFirstOrThrow();
  expect(approval).toMatchObject({ action: actions[1]?.id, status: 'pending', args: { amount: 95, card: '•••' } });

  const facts = await kit.until(async () => {
    const found = await kit.messages('DECISIONS');
    return found.length >= 3 && found;
  });
  expect(facts.map(({ subject }) => subject).sort()).toEqual([
    'decisions.acme.alert.risk',
    'decisions.acme.allow.risk',
    'decisions.acme.block.risk',
  ]);
  const blockedFact = facts.find(({ subject }) => subject.includes('.block.'))?.body as DecisionsFact | undefined;
  expect(blockedFact?.items.map(({ reasons }) => reasons[0]?.code)).toEqual(['no_policy', 'invalid_action']);
  const outcomes = await kit.until(async () => {
    const found = await kit.messages('OUTCOMES');
    return found.length > 0 && found;
  });
  expect((outcomes[0]?.body as OutcomesFact | undefined)?.items[0]).toMatchObject({
    outcome: 'blocked',
    ok: false,
    error: 'blocked by trust policy',
  });
  expect((await kit.messages('APPROVALS')).map(({ subject }) => subject)).toEqual(['approvals.acme.requested.risk']);
});

test('the same plan again is answered the same and never scored again', async () => {
  const plan = {
    plan_id: 'again',
    operator: 'risk',
    actions: [line('orders.hold', { value: 1 }), line('orders.cancel')],
  };
  const first = await kit.post(service, '/v1/plans', plan);
  expect(first.status).toBe(200);
  const second = await kit.post(service, '/v1/plans', plan);
  expect(await second.json()).toEqual(await first.json());
  const { operator: _operator, ...body } = plan;
  await kit.publish(body);
  await kit.until(async () => {
    const facts = await kit.messages('DECISIONS');
    return facts.filter(({ body }) => (body as DecisionsFact).plan_id === 'again').length >= 6;
  });
  expect(await actionsOf('again')).toHaveLength(2);
});

test('another body under the same plan id is a conflict, over HTTP and over NATS', async () => {
  const plan = { plan_id: 'conflicting', operator: 'risk', actions: [line('orders.hold')] };
  expect((await kit.post(service, '/v1/plans', plan)).status).toBe(200);
  const other = { ...plan, actions: [line('orders.hold', { value: 2 })] };
  const refused = await kit.post(service, '/v1/plans', other);
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'PLAN_CONFLICT', retryable: false });
  await kit.publish({ plan_id: 'conflicting', actions: other.actions });
  await kit.until(async () =>
    (await kit.messages('DEAD')).some(({ headers }) => headers.get('Holdpoint-Dead-Code') === 'PLAN_CONFLICT'),
  );
});

test('a plan that does not parse goes to dead with the reason and its own bytes, and the rest goes on', async () => {
  await kit.publish('{ not json');
  await kit.publish({ plan_id: 'extra', actions: [line('orders.hold')], note: 'x' });
  await kit.publish({ plan_id: 'forged', tenant: 'zeta', actions: [line('orders.hold')] });
  await kit.publish({ plan_id: 'healthy', actions: [line('orders.hold')] });
  await decided('healthy');
  const dead = await kit.until(async () => {
    const found = (await kit.messages('DEAD')).filter(
      ({ headers }) => headers.get('Holdpoint-Dead-Code') === 'INVALID_REQUEST',
    );
    return found.length >= 3 && found;
  });
  const reasons = dead.map(({ headers }) => headers.get('Holdpoint-Dead-Reason'));
  expect(dead[0]?.text).toBe('{ not json');
  expect(reasons[1]).toContain('note: unknown key');
  expect(reasons[2]).toContain('another tenant');
  expect(dead.map(({ subject }) => subject)).toEqual(Array(3).fill('dead.PLANS.acme'));
});

test('the same key twice is a duplicate, with other arguments a conflict, after a block it is free', async () => {
  const key = { idempotency_key: 'one-key', entity_key: 'order:key' };
  const propose = async (planId: string, actions: unknown[]) => {
    const answer = await kit.post(service, '/v1/plans', { plan_id: planId, operator: 'risk', actions });
    return ((await answer.json()) as { decisions: Decision[] }).decisions;
  };
  const [typo] = await propose('key-0', [line('orders.hodl', key)]);
  expect(typo?.state).toBe('blocked');
  const [original] = await propose('key-1', [line('orders.hold', { ...key, value: 10 })]);
  expect(original?.state).toBe('queued');
  const [same] = await propose('key-2', [line('orders.hold', { ...key, value: 10 })]);
  expect(same).toMatchObject({ state: 'duplicate', duplicate_of: original?.action_id });
  const [other] = await propose('key-3', [line('orders.hold', { ...key, value: 11 })]);
  expect(other).toMatchObject({ state: 'blocked', decision: 'BLOCK', reasons: [{ code: 'idempotency_conflict' }] });
  const twin = { ...key, idempotency_key: 'twin-key' };
  const twins = await propose('key-4', [
    line('orders.hold', twin),
    line('orders.hold', twin),
    line('orders.cancel', twin),
  ]);
  expect(twins.map(({ state }) => state)).toEqual(['queued', 'duplicate', 'blocked']);
});

test('an event that is not there blocks every line of the plan', async () => {
  await kit.publish({ plan_id: 'no-event', event_id: 'shopify.orders.abc', actions: [line('orders.hold')] });
  const [action] = await decided('no-event');
  expect(action?.reasons).toMatchObject([{ code: 'event_not_found' }]);
});

test('a plan past its end is blocked before any policy is asked', async () => {
  await kit.publish({ plan_id: 'late', expires_at: '2020-01-01T00:00:00Z', actions: [line('orders.hold')] });
  const [action] = await decided('late');
  expect(action?.reasons).toMatchObject([{ code: 'plan_expired' }]);
});

test('a predicate that loops for ever blocks its own line and takes down nothing', async () => {
  const answer = await kit.post(service, '/v1/plans', {
    plan_id: 'spin',
    operator: 'risk',
    actions: [line('orders.hold'), line('orders.spin', { value: 1 }), line('orders.spin', { value: 2 })],
  });
  const { decisions } = (await answer.json()) as { decisions: Decision[] };
  expect(decisions.map(({ decision, reasons }) => `${decision} ${reasons[0]?.code}`)).toEqual([
    'ALLOW allowed',
    'BLOCK policy_error',
    'ALLOW allowed',
  ]);
});

test('a rehearsal scores with other policies and records nothing', async () => {
  const before = await kit.db.selectFrom('actions').select(kit.db.fn.countAll().as('n')).executeTakeFirstOrThrow();
  const body = {
    plan: { plan_id: 'as-if', actions: [line('orders.cancel'), line('orders.hold', { value: 900 })] },
    policies: [{ tool: 'orders.cancel', predicate: "env.source == 'magento'", decision: 'ALLOW' }],
    env: { source: 'magento', type: 'order.created', data: {} },
  };
  const answer = await kit.post(service, '/v1/evaluate', body, kit.keys.admin);
  const { decisions } = (await answer.json()) as { decisions: Decision[] };
  expect(decisions.map(({ decision, reasons }) => `${decision} ${reasons[0]?.code}`)).toEqual([
    'ALLOW allowed',
    'BLOCK no_policy',
  ]);
  const brief = await kit.post(service, '/v1/evaluate', { ...body, env: { source: 'magento' } }, kit.keys.admin);
  expect(await brief.json()).toMatchObject({ decisions: [{ decision: 'ALLOW' }, { decision: 'BLOCK' }] });
  expect((await kit.post(service, '/v1/evaluate', body)).status).toBe(403);
  const broken = await kit.post(
    service,
    '/v1/evaluate',
    { ...body, policies: [{ decision: 'MAYBE' }] },
    kit.keys.admin,
  );
  expect(broken.status).toBe(400);
  const after = await kit.db.selectFrom('actions').select(kit.db.fn.countAll().as('n')).executeTakeFirstOrThrow();
  expect(after).toEqual(before);
});

test('a key may propose only as its operators, and what it sends is refused by path', async () => {
  const plan = { plan_id: 'mine', operator: 'someone-else', actions: [line('orders.hold')] };
  expect((await kit.post(service, '/v1/plans', plan)).status).toBe(403);
  expect((await kit.post(service, '/v1/plans', plan, 'hp_wrong')).status).toBe(401);
  const refused = await kit.post(service, '/v1/plans', { ...plan, operator: 'risk', plan_id: '', extra: 1 });
  expect(refused.status).toBe(400);
  const problem = (await refused.json()) as { details: { issues: { path: string }[] } };
  expect(problem.details.issues.map(({ path }) => path).sort()).toEqual(['extra', 'plan_id']);
});

test('a plan over 512 KiB is too large at either door', async () => {
  const large = { plan_id: 'large', actions: [line('orders.hold', { args: { text: 'x'.repeat(513 * 1024) } })] };
  expect((await kit.post(service, '/v1/plans', { operator: 'risk', ...large })).status).toBe(413);
  await kit.publish(large);
  await kit.until(async () =>
    (await kit.messages('DEAD')).some(({ headers }) => headers.get('Holdpoint-Dead-Code') === 'PAYLOAD_TOO_LARGE'),
  );
  expect(await actionsOf('large')).toEqual([]);
});

test('who waits for an outcome that will not come is answered when the service drains', async () => {
  const draining = await kit.start();
  const answered = kit.post(draining, '/v1/plans?wait=50', {
    plan_id: 'waits',
    operator: 'risk',
    actions: [line('orders.hold')],
  });
  await decided('waits');
  await draining.stop();
  const answer = await answered;
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ decisions: [{ state: 'queued' }], outcomes: [] });
});

test('a rehearsal blocks what it would block in earnest: an event that is not there', async () => {
  const plan = { plan_id: 'as-if', event_id: 'shopify.orders.abc', actions: [line('orders.hold', { value: 1 })] };
  const answer = await kit.post(service, '/v1/evaluate', { plan }, kit.keys.admin);
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { decisions: [{ decision: 'BLOCK', reasons: [{ code: 'event_not_found' }] }] },
  ]);
});

test('a plan by an id that no event can have is blocked, and looks for nothing', async () => {
  for (const event_id of ['nope', '*.>', 'shopify.>.*']) {
    const plan = {
      plan_id: `by ${event_id}`,
      operator: 'risk',
      event_id,
      actions: [line('orders.hold', { value: 1 })],
    };
    const answer = await kit.post(service, '/v1/plans?wait=3600', plan);
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      {
        decisions: [{ decision: 'BLOCK', reasons: [{ code: 'event_not_found' }] }],
        outcomes: [{ outcome: 'blocked' }],
      },
    ]);
  }
});

test('a secret argument stands in no digest as itself: another tenant, or a guess, gives another one', async () => {
  const secret = (card: string) => line('orders.refund', { args: { amount: 5, card }, entity_key: 'order:secret' });
  await kit.publish({ plan_id: 'secret-1', actions: [secret('4242'), secret('4242'), secret('4343')] });
  const [one, same, other] = await decided('secret-1');
  expect(same?.digest).toBe(one?.digest);
  expect(other?.digest).not.toBe(one?.digest);
  const guess = { tenant: 'acme', connector: 'shop', tool: 'orders.refund', value: 5, entity_key: 'order:secret' };
  expect(one?.digest).not.toBe(actionDigest({ ...guess, args: { amount: 5, card: '4242' } }));
  const { salt } = await sql<{ salt: string }>`SELECT salt FROM tenant_salts WHERE tenant = 'acme'`
    .execute(kit.db)
    .then(({ rows }) => rows[0] ?? { salt: '' });
  expect(one?.digest).toBe(
    actionDigest({ ...guess, args: commitSecrets({ amount: 5, card: '4242' }, ['card'], salt) }),
  );
});

test('a plan whose event cannot be read now is to be proposed again; one beside it is decided', async () => {
  await kit.servers.nats.stop();
  try {
    const [waits, goesOn] = await Promise.all([
      kit.post(service, '/v1/plans', {
        plan_id: 'unread',
        operator: 'risk',
        event_id: 'code.push.abc',
        actions: [line('orders.hold', { value: 1 })],
      }),
      kit.post(service, '/v1/plans', {
        plan_id: 'beside',
        operator: 'risk',
        actions: [line('orders.hold', { value: 1 })],
      }),
    ]);
    expect([waits.status, await waits.json()]).toMatchObject([
      503,
      { code: 'DEPENDENCY_UNAVAILABLE', retryable: true },
    ]);
    expect(goesOn.status).toBe(200);
  } finally {
    await kit.servers.nats.start();
  }
});
