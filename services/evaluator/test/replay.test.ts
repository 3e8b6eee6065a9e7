import { replayRecord, sameVerdict } from '@holdpoint/policy/replay/replay-record';
import { createReplay, type ReplayReport } from '@holdpoint/policy/replay/replay-report';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import { eventId } from '@holdpoint/shared/domain/event';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKit, type Kit } from './kit.ts';

// Hundreds of plans, some of which wait for an event that never comes.
vi.setConfig({ testTimeout: 120_000 });

const PLANS = 250;
/** The sources of the events behind some of the plans; the last one's are not granted. */
const EVENTS = ['small', 'large', 'strange'].map((key) => eventId('shopify', 'order', key));

/** Every kind of tool and rule: schemas, derived facts, secrets, functions, CEL, globs, sugar, grants, times. */
const WORKSPACE = {
  'connectors/shop/tools.ts': `
  const amount = { '~standard': { version: 1, vendor: 'test', validate: (args) => typeof args.amount === 'number'
    ? { value: { ...args, amount: Math.round(args.amount), checked: true } }
    : { issues: [{ message: 'amount is missing beside ' + Object.keys(args).join(), path: ['amount'] }] } } };
  export default { name: 'shop', tools: {
    'orders.read': { risk: 'read' },
    'orders.hold': { risk: 'write' },
    'orders.free': { risk: 'write' },
    'orders.refund': { risk: 'write', args: amount, value: (args) => args.amount, secretArgs: ['card'] },
    'orders.note': { risk: 'write', secretArgs: ['token'] },
    'orders.cancel': { risk: 'destructive', entityKey: (args) => { if (args.order === 'x') throw new Error('no ' + JSON.stringify(args)); return 'order:' + args.order; } },
  } };`,
  'connectors/shop/run.ts': `const none = () => null; export default { run: { 'orders.read': none, 'orders.hold': none,
    'orders.refund': none, 'orders.note': none, 'orders.cancel': none, 'orders.free': none } };`,
  'connectors/ops/tools.ts': `export default { name: 'ops', tools: {
    'shell.run': { risk: 'write', command: (args) => args.cmd }, 'disk.wipe': { risk: 'destructive' } } };`,
  'connectors/ops/run.ts': `const none = () => null; export default { run: { 'shell.run': none, 'disk.wipe': none } };`,
  'tenants/acme/connectors.ts': `export default { shop: {}, ops: { permissions: { mode: 'strict', overrides: { 'shell.run': 'approve' } } } };`,
  'tenants/acme/escalations.ts': `export default { defaults: { ttlSeconds: 600 }, audiences: { desk: { quorum: 2 } },
    approvalRules: [{ pattern: 'rm *', audience: 'ops', reason: 'runs \${args.cmd}' }, { pattern: 'disk.*', audience: 'ops' }] };`,
  'tenants/acme/grants.ts': `export default [
    { operator: 'risk', tools: ['shop:*', 'ops:*'], sources: ['shopify'] },
    { operator: 'bot', tools: ['shop:orders.*', 'ops:shell.*'] },
  ];`,
  'tenants/acme/hooks.ts': `export default { actions: [
    { id: 'double', tools: 'orders.note', before: ({ args }) => typeof args.level === 'number' ? { args: { ...args, level: args.level * 2 } } : undefined },
    { id: 'nope', tools: 'orders.hold', before: ({ args }) => args.b ? { reject: 'saw ' + Object.keys(args).join() } : undefined },
  ] };`,
  'tenants/acme/policies.ts': `export default [
    { id: 'holds', tool: 'orders.hold', appliesUpTo: 500, predicate: (action) => !('flag' in action.args), decision: 'ALLOW' },
    { id: 'large', tool: 'orders.hold', appliesAbove: 500, maxValue: 5000, decision: 'ALERT', escalation: { audience: 'desk', reason: '\${value} of \${entity_key}' } },
    { id: 'seen', tool: 'orders.hold', when: 'has(action.args.watch)', decision: 'ALERT', escalation: { audience: 'reviewer', mode: 'alongside' } },
    { id: 'refunds', connector: 'shop', tools: '*.refund', decision: 'ALERT', escalation: { audience: 'desk', reason: '\${args.note} by \${args.card}' } },
    { id: 'trusted', tool: 'orders.refund', when: (_action, env) => { if (env.data?.b) throw new Error('saw ' + Object.keys(env.data).join()); return env.data !== null && env.data.total < 10; }, decision: 'ALLOW' },
    { id: 'notes', tool: 'orders.note', decision: 'ALLOW' },
    { id: 'note-cel', tool: 'orders.note', operator: 'bot', when: 'action.args.level * 2 > 100', decision: 'BLOCK' },
    { id: 'cancels', tool: 'orders.cancel', when: (action) => { if (action.args.how === 'throw') throw new Error('saw ' + Object.keys(action.args).join()); return action.args.how; }, decision: 'ALERT' },
    { id: 'gone', tool: 'orders.cancel', expiresAt: '2020-01-01T00:00:00Z', decision: 'ALLOW' },
  ];`,
} as const;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit(WORKSPACE);
  service = await kit.start();
  const bodies = ['{"total":5,"b":1,"aa":2,"a":2}', '{"total":5}', 'no json'];
  for (const [index, id] of EVENTS.entries()) {
    const attributes = headers();
    attributes.set(EVENT_HEADERS.type, 'order');
    await kit.nats.js.publish(eventSubject('acme', id), bodies[index], { headers: attributes });
  }
});
afterAll(() => kit.stop());

const key = fc.constantFrom(
  'watch',
  'flag',
  'note',
  'card',
  'token',
  'amount',
  'level',
  'how',
  'order',
  'cmd',
  'b',
  'aa',
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'rm -rf x',
    'ls',
    'throw',
    'x',
    '4242424242',
    true,
    false,
    null,
    -0,
    1e-7,
    0.1,
    40,
    60,
    1e21,
  ),
  fc.double({ noNaN: true, min: 0, max: 1e6 }),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const args = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.dictionary(key, fc.oneof({ weight: 6, arbitrary: leaf }, fc.array(leaf, { maxLength: 3 })), {
      maxKeys: 5,
    }),
  },
  { weight: 1, arbitrary: leaf },
);
/** Most lines have one that is held. */
const value = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 501, max: 5000 }) },
  fc.constantFrom<unknown>(0, 5, 499.5, 501, 6000, -1, 'much'),
  fc.nat(1000),
);
const NAMED = [
  ...['hold', 'hold', 'hold', 'refund', 'note', 'note', 'cancel', 'free', 'read'].map((tool) => [
    'shop',
    `orders.${tool}`,
  ]),
  ...[
    ['ops', 'shell.run'],
    ['ops', 'disk.wipe'],
    ['nobody', 'orders.hold'],
    ['shop', 'constructor'],
  ],
];
const goodLine = fc
  .record(
    {
      named: fc.constantFrom(...NAMED),
      args,
      value,
      entity_key: fc.constantFrom('order:1', 'order:2', 'order:x'),
      idempotency_key: fc.nat(2000).map((n) => `key-${n}`),
      zz: fc.constant(1),
      b: leaf,
    },
    { requiredKeys: ['named', 'args', 'idempotency_key', 'entity_key'] },
  )
  .map(({ named: [connector, tool], ...rest }) => ({ connector, tool, ...rest }));
/** Few have what is not asked for. */
const sound = goodLine.map(({ zz: _zz, b: _b, ...line }) => line);
const anyLine = fc.oneof(
  { weight: 8, arbitrary: sound },
  { weight: 2, arbitrary: goodLine },
  { weight: 1, arbitrary: leaf },
);
const plan = fc.record(
  {
    operator: fc.constantFrom('risk', 'risk', 'bot'),
    event_id: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...EVENTS) },
      { weight: 1, arbitrary: fc.constantFrom(eventId('shopify', 'order', 'absent'), eventId('desk', 'mail', 'x')) },
    ),
    expires_at: fc.constantFrom(...Array(9).fill('2099-01-01T00:00:00+02:00'), '2020-01-01T00:00:00Z'),
    actions: fc.array(anyLine, { minLength: 1, maxLength: 6 }),
  },
  { requiredKeys: ['operator', 'actions'] },
);

/** A denial of some, a grant of others, which are scored again; as the approvals service does. */
async function vote(): Promise<void> {
  await sql`UPDATE approvals SET status = CASE WHEN get_byte(uuid_send(id), 15) % 3 = 0 THEN 'denied' ELSE 'granted' END,
    decided_at = clock_timestamp() WHERE status = 'pending' AND get_byte(uuid_send(id), 15) % 4 <> 0`.execute(kit.db);
  await sql`INSERT INTO votes (approval, principal, vote, audiences)
    SELECT p.id, person, 'approve', '["desk", "ops", "reviewer"]' FROM approvals p, unnest(ARRAY['iss|ann', 'iss|bob']) AS person
    WHERE p.status = 'granted'`.execute(kit.db);
  await sql`UPDATE actions a SET state = CASE p.status WHEN 'denied' THEN 'denied' ELSE 'rescore' END
    FROM approvals p WHERE p.action = a.id AND a.state = 'held' AND p.status IN ('granted', 'denied')`.execute(kit.db);
  await kit.until(async () => {
    const { rows } = await sql`SELECT 1 FROM actions WHERE state = 'rescore' LIMIT 1`.execute(kit.db);
    return rows.length === 0;
  });
}

async function allRecords(): Promise<DecisionRecord[]> {
  const found: DecisionRecord[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const url = `${service.url}/v1/policies/records?limit=200${cursor && `&cursor=${cursor}`}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${kit.keys.admin}` } });
    const page = (await response.json()) as { items: DecisionRecord[]; next_cursor?: string };
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}

async function replayAll(records: readonly DecisionRecord[]): Promise<ReplayReport> {
  const rules = (await loadRulebook(kit.workspaceDir)).rulesOf('acme');
  const replay = createReplay(rules.policies.version, 10);
  for (const record of records) replay.add(record, replayRecord(record, rules));
  return replay.report();
}

test('replay of the unchanged rules gives every recorded verdict again, byte for byte', async () => {
  const sampled = fc.sample(plan, { numRuns: PLANS, seed: 20_260_601 });
  // The first ones twice, under two ids: their lines are duplicates.
  const plans = [...sampled, ...sampled.slice(0, 20)];
  for (let at = 0; at < plans.length; at += 20) {
    const answers = plans
      .slice(at, at + 20)
      .map((body, index) => kit.post(service, '/v1/plans', { ...body, plan_id: `plan-${at + index}` }, kit.keys.admin));
    for (const answer of await Promise.all(answers)) expect(answer.status, await answer.text()).toBe(200);
  }
  await vote();
  const records = await allRecords();
  const rules = (await loadRulebook(kit.workspaceDir)).rulesOf('acme');
  const unlike = records.flatMap((record) => {
    const replayed = replayRecord(record, rules);
    return replayed.ok && !sameVerdict(replayed.verdict, record.verdict) ? [{ record, replayed }] : [];
  });
  expect(unlike.slice(0, 2)).toEqual([]);
  const report = await replayAll(records);
  expect(report).toMatchObject({ records: records.length, unchanged: report.replayed, flips: { total: 0 } });
  // What it was asked of is all that it claims to be asked of.
  expect(report.replayed).toBeGreaterThan(500);
  const codes = new Set(records.flatMap(({ verdict }) => verdict.reasons.map(({ code }) => code)));
  const wanted = [
    'invalid_action',
    'unknown_tool',
    'not_granted',
    'read',
    'value_mismatch',
    'policy_error',
    'no_policy',
  ];
  expect([...codes]).toEqual(
    expect.arrayContaining([...wanted, 'veto', 'max_value', 'predicate_false', 'escalated', 'allowed']),
  );
  expect(report.not_replayed.by.map(({ why }) => why)).toEqual(
    expect.arrayContaining(['masked', 'duplicate', 'idempotency_conflict', 'event_not_found', 'plan_expired']),
  );
  const rescored = records.filter(
    ({ approvals, state }) => approvals.some((one) => one.status === 'granted') && state !== 'held',
  );
  expect(rescored.length).toBeGreaterThan(10);
});
