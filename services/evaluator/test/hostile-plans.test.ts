import type { Decision } from '@holdpoint/shared/domain/action';
import { eventId } from '@holdpoint/shared/domain/event';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { annotationHeaders, EVENT_HEADERS, encodeHeaderValue } from '@holdpoint/shared/messages/event-message';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit({
    ...WORKSPACE,
    'tenants/acme/grants.ts': `export default [
      { operator: 'risk', tools: ['shop:*'], sources: ['shopify'] },
    ];`,
    'tenants/acme/policies.ts': `export default [
      { id: 'holds', connector: 'shop', tool: 'orders.hold', decision: 'ALLOW' },
      { id: 'refunds', connector: 'shop', tool: 'orders.refund', decision: 'ALERT', escalation: { audience: 'desk', reason: 'for \${args.note} by \${args.card}' } },
      { id: 'gold', connector: 'shop', tool: 'orders.cancel', when: (_action, env) => env.annotations?.tier === 'gold', decision: 'ALLOW' },
      { id: 'cancels', connector: 'shop', tool: 'orders.cancel', when: (action) => Object.hasOwn(action.args, 'constructor') && action.args.constructor === 'mine', decision: 'ALLOW' },
    ];`,
  });
  service = await kit.start();
});
afterAll(() => kit.stop());

const actionsOf = (planId: string) =>
  kit.db.selectFrom('actions').selectAll().where('plan_id', '=', planId).orderBy('index').execute();
/** As text: what these lines hold, `JSON.stringify` would not write. */
const postText = (path: string, body: string, key: string = kit.keys.operator) =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body,
  });
/** A plan whose second line's arguments are this text, between two good lines. */
const between = (planId: string, args: string) => {
  const bad = JSON.stringify(line('orders.hold', { args: 'HERE' })).replace('"HERE"', args);
  const good = () => JSON.stringify(line('orders.hold'));
  return `{"plan_id":"${planId}","actions":[${good()},${bad},${good()}]}`;
};
const UNSTORABLE: readonly [string, string, RegExp][] = [
  ['half a surrogate pair', '{"a":"\\ud800"}', /args\.a: text with half of a surrogate pair/],
  ['half a surrogate pair in a name', '{"\\udc00":1}', /text with half of a surrogate pair/],
  ['a number too large', '{"a":1e400}', /args\.a: a number that cannot be held exactly/],
  ['a NUL', '{"a":["\\u0000"]}', /args\.a\.0: text with a NUL/],
  ['lists beyond any stack', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /nests deeper than 64/],
  ['objects beyond any stack', `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`, /nests deeper than 64/],
  ['a __proto__', '{"a":{"__proto__":{"polluted":true}}}', /args\.a\.__proto__: __proto__ is not a name/],
];

test.each(UNSTORABLE)(
  'a line with %s is blocked, never its neighbours, at either door',
  async (what, args, message) => {
    const overHttp = `http ${what}`;
    const answer = await postText('/v1/plans', between(overHttp, args).replace('{', '{"operator":"risk",'));
    expect(answer.status).toBe(200);
    const { decisions } = (await answer.json()) as { decisions: Decision[] };
    expect(decisions.map(({ reasons }) => reasons[0]?.code)).toEqual(['allowed', 'invalid_action', 'allowed']);
    expect(decisions[1]?.reasons[0]?.message).toMatch(message);

    const overNats = `nats ${what}`;
    await kit.publish(between(overNats, args));
    await kit.until(async () => (await actionsOf(overNats)).length === 3);
    for (const planId of [overHttp, overNats]) {
      const recorded = await actionsOf(planId);
      expect(recorded.map(({ state }) => state)).toEqual(['queued', 'blocked', 'queued']);
      expect(recorded[1]?.args).toEqual({});
    }
    expect({}).not.toHaveProperty('polluted');
  },
);

test('what is no plan is dead-lettered once, whole or its beginning, and the plans that come with it are decided', async () => {
  const good = () => JSON.stringify({ plan_id: `among-${good.count++}`, actions: [line('orders.hold')] });
  good.count = 0;
  const odd = (text: string) => ({ encode: () => Buffer.from(`NATS/1.0\r\n${text}\r\n`) }) as never;
  const hostile: (string | Uint8Array)[] = [
    '',
    '{',
    'null',
    '\ufeff{}',
    new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    '['.repeat(1024 * 1024),
    '{"plan_id":"\\u0000","actions":[{}]}',
    '{"plan_id":"\\ud800","actions":[{}]}',
    '{"plan_id":"p","event_id":"a.b\\u0000.c","actions":[{}]}',
    '{"plan_id":"p","expires_at":"+275760-09-13T00:00:00Z","actions":[{}]}',
    '{"plan_id":"p","actions":[{}],"__proto__":{"a":1}}',
    '{"plan_id":"p","actions":{"length":1,"0":{}}}',
    `{"plan_id":"p","actions":[${Array(101).fill('{}').join()}]}`,
  ];
  const before = (await kit.messages('DEAD')).length;
  const publish = (body: string | Uint8Array, subject = 'plans.acme.risk') => kit.nats.js.publish(subject, body);
  await Promise.all([publish(good()), ...hostile.map((body) => publish(body)), publish(good())]);
  await publish(good(), 'plans.*.risk');
  await publish(good(), "plans.acme.ri'sk");
  const plan = good();
  await kit.nats.js.publish('plans.acme.risk', plan, { headers: odd('odd name: 1\r\ntraceparent: \0\r\n') });
  await kit.until(async () => (await actionsOf((JSON.parse(plan) as { plan_id: string }).plan_id)).length === 1);
  await kit.until(async () => (await actionsOf('among-0')).length + (await actionsOf('among-1')).length === 2);

  const letters = await kit.until(async () => {
    const found = (await kit.messages('DEAD')).slice(before);
    return found.length === hostile.length + 2 && found;
  });
  expect(letters.filter(({ subject }) => subject === 'dead.PLANS._')).toHaveLength(1);
  expect(letters.flatMap(({ headers }) => headers.get('Holdpoint-Dead-Size') ?? [])).toEqual([String(1024 * 1024)]);
  const { stream, config } = CONSUMERS.plans;
  const info = await kit.nats.jsm.consumers.info(stream, config.durable_name);
  expect(info).toMatchObject({ num_pending: 0, num_ack_pending: 0, num_redelivered: 0 });
  expect({}).not.toHaveProperty('a');
});

test('the same unstorable plan again is the same plan, and another is a conflict', async () => {
  const body = (digit: number) =>
    `{"operator":"risk","plan_id":"twice","actions":[${JSON.stringify(line('orders.hold', { idempotency_key: 'twice', entity_key: 'twice', args: { a: 'HERE' } })).replace('HERE', `\\ud80${digit}`)}]}`;
  const first = await postText('/v1/plans', body(0));
  expect(await (await postText('/v1/plans', body(0))).json()).toEqual(await first.json());
  expect((await postText('/v1/plans', body(1))).status).toBe(409);
});

test('an argument called constructor is data like any other', async () => {
  const args = { constructor: 'mine', nested: { constructor: { prototype: { polluted: true } } } };
  const answer = await kit.post(service, '/v1/plans', {
    plan_id: 'constructor',
    operator: 'risk',
    actions: [line('orders.cancel', { args }), line('orders.cancel', { args: {} })],
  });
  expect(answer.status).toBe(200);
  const { decisions } = (await answer.json()) as { decisions: Decision[] };
  expect(decisions.map(({ decision }) => decision)).toEqual(['ALLOW', 'BLOCK']);
  const [recorded] = await actionsOf('constructor');
  expect(recorded?.args).toEqual(args);
  expect({}).not.toHaveProperty('polluted');
});

test("a secret argument's value is in no reason of a decision, an approval or a fact", async () => {
  const secret = 'card-4242-4242';
  const answer = await kit.post(service, '/v1/plans', {
    plan_id: 'secret',
    operator: 'risk',
    actions: [line('orders.refund', { args: { amount: 5, card: secret, note: `charge ${secret}` } })],
  });
  const text = await answer.text();
  expect(text).toContain('for charge ••• by •••');
  const approval = await kit.db.selectFrom('approvals').selectAll().executeTakeFirstOrThrow();
  expect(approval.reason).toBe('for charge ••• by •••');
  const receipts = await kit.db.selectFrom('receipts').selectAll().execute();
  const facts = await kit.until(async () => {
    const found = await kit.messages('DECISIONS');
    return found.some((fact) => fact.text.includes('"secret"')) && found;
  });
  for (const told of [text, JSON.stringify(receipts), ...facts.map((fact) => fact.text)]) {
    expect(told).not.toContain(secret);
  }
});

test('an event whose attributes hold a NUL is read, and the plan it is behind is recorded', async () => {
  const id = eventId('shopify', 'odd', 'nul');
  const attributes = headers();
  attributes.set(EVENT_HEADERS.type, encodeHeaderValue('od\0d'));
  attributes.set(EVENT_HEADERS.subject, encodeHeaderValue('\0'));
  attributes.set('ce-odd', encodeHeaderValue('\0'));
  await kit.nats.js.publish(eventSubject('acme', id), '{}', { headers: attributes });
  const answer = await kit.post(service, '/v1/plans', {
    plan_id: 'odd-event',
    operator: 'risk',
    event_id: id,
    actions: [line('orders.hold')],
  });
  expect(answer.status).toBe(200);
  expect(await actionsOf('odd-event')).toMatchObject([{ state: 'queued' }]);
});

test('a policy sees what hooks have added to the event behind a plan', async () => {
  const cancel = async (key: string, tier: string) => {
    const id = eventId('shopify', 'annotated', key);
    const attributes = headers();
    for (const [name, value] of Object.entries(annotationHeaders({ tier }))) attributes.set(name, value);
    await kit.nats.js.publish(eventSubject('acme', id), '{}', { headers: attributes });
    const plan = { plan_id: key, operator: 'risk', event_id: id, actions: [line('orders.cancel')] };
    expect((await kit.post(service, '/v1/plans', plan)).status).toBe(200);
    return actionsOf(key);
  };
  expect(await cancel('gold', 'gold')).toMatchObject([{ state: 'queued' }]);
  expect(await cancel('lead', 'lead')).toMatchObject([{ state: 'blocked' }]);
});

test('an event whose body is elsewhere has no data for policies, and the digest that its event tells', async () => {
  const id = eventId('shopify', 'large', 'elsewhere');
  const attributes = headers();
  attributes.set(EVENT_HEADERS.type, 'large');
  attributes.set(EVENT_HEADERS.digest, 'd'.repeat(64));
  attributes.set(EVENT_HEADERS.dataRef, `/v1/events/${id}?raw`);
  attributes.set(EVENT_HEADERS.dataSize, '26214400');
  await kit.nats.js.publish(eventSubject('acme', id), '', { headers: attributes });
  const plan = { plan_id: 'large-event', operator: 'risk', event_id: id, actions: [line('orders.hold')] };
  expect((await kit.post(service, '/v1/plans', plan)).status).toBe(200);
  const { env } = await kit.db
    .selectFrom('plans')
    .select('env')
    .where('plan_id', '=', 'large-event')
    .executeTakeFirstOrThrow();
  expect(env).toMatchObject({ type: 'large', data: null, digest: 'd'.repeat(64) });
  expect(env).not.toHaveProperty('dataRef');
});

test('a rehearsal is expired and granted as the plan would be', async () => {
  const rehearse = async (plan: object, more: object = {}) => {
    const body = { operator: 'risk', plan: { plan_id: 'as-if', actions: [line('orders.hold')], ...plan }, ...more };
    const answer = await kit.post(service, '/v1/evaluate', body, kit.keys.admin);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { decisions: Decision[] }).decisions[0]?.reasons[0]?.code;
  };
  const expires_at = '2020-01-01T00:00:00Z';
  const event = (source: string) => ({ event_id: eventId(source, 'order', 'none') });
  const env = { source: 'shopify', type: 'order' };
  expect(await rehearse({})).toBe('allowed');
  expect(await rehearse({ expires_at })).toBe('plan_expired');
  expect(await rehearse({ expires_at }, { now: '2019-12-31T23:59:59Z' })).toBe('allowed');
  expect(await rehearse(event('magento'), { env })).toBe('event_not_granted');
  expect(await rehearse(event('shopify'), { env })).toBe('allowed');
  expect(await rehearse(event('shopify'), { env, operator: 'stranger' })).toBe('event_not_granted');
  expect(await rehearse(event('magento'), { env, operator: undefined })).toBe('allowed');
  const tools = { shop: { 'orders.hold': 'write' } };
  expect(await rehearse({}, { operator: 'stranger' })).toBe('not_granted');
  expect(await rehearse({}, { operator: 'stranger', tools })).toBe('allowed');
});

test('what a rehearsal stands in with is refused by path where it cannot be read', async () => {
  const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
  const plan = `{"plan_id":"p","actions":[${JSON.stringify(line('orders.hold'))}]}`;
  for (const [field, body] of [
    ['env', `{"plan":${plan},"env":{"source":"s","type":"t","data":${deep}}}`],
    ['policies', `{"plan":${plan},"policies":[{"decision":"ALLOW","when":${deep}}]}`],
  ] as const) {
    const answer = await postText('/v1/evaluate', body, kit.keys.admin);
    expect(answer.status).toBe(400);
    const { details } = (await answer.json()) as { details: { issues: { path: string }[] } };
    expect(details.issues[0]?.path).toMatch(new RegExp(`^${field}\\.`));
  }
  const tooMany = { plan: JSON.parse(plan), policies: Array(1_001).fill({ decision: 'ALLOW' }) };
  expect((await kit.post(service, '/v1/evaluate', tooMany, kit.keys.admin)).status).toBe(400);
});
