import { replayRecord, sameVerdict } from '@holdpoint/policy/replay/replay-record';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookUpEntities } from '../src/look-up-entities.ts';
import { createKit, type Kit, line } from './kit.ts';

const WORKSPACE = {
  'connectors/shop/tools.ts': `const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
  const trimmed = { '~standard': { version: 1, vendor: 'test', validate: (args) => ({ value: { ...args, order: String(args.order).trim() } }) } };
  const entity = { name: 'orders', id: 'order' };
  export default { name: 'shop', entities: { orders: { schema: any } }, tools: {
    'orders.hold': { risk: 'write', entity },
    'orders.refund': { risk: 'write', entity },
    'orders.trim': { risk: 'write', entity, args: trimmed },
    'orders.swap': { risk: 'write', entity },
    'orders.plain': { risk: 'write' },
  } };`,
  'connectors/shop/run.ts': `const none = () => null; export default { run: { 'orders.hold': none, 'orders.refund': none,
    'orders.trim': none, 'orders.swap': none, 'orders.plain': none } };`,
  'tenants/acme/hooks.ts': `export default { actions: [
    { id: 'swap', tools: 'orders.swap', before: ({ args }, env) =>
      args.to ? { args: { ...args, order: args.to } } : { args: { ...args, saw: env.entity?.data.status ?? 'nothing' } } },
  ] };`,
  'tenants/acme/policies.ts': `export default [
    { id: 'paid', tool: 'orders.hold', predicate: (_action, env) => env.entity?.data.status === 'paid', decision: 'ALLOW' },
    { id: 'unknown', tool: 'orders.hold', when: (_action, env) => env.entity === null, decision: 'BLOCK' },
    { id: 'open', tool: 'orders.refund', when: 'env.entity != null && env.entity.data.status == "paid"', decision: 'ALERT' },
    { id: 'lost', tool: 'orders.refund', when: 'env.entity == null || env.entity.data.status != "paid"', decision: 'BLOCK' },
    { id: 'frozen', tool: 'orders.trim', predicate: (_action, env) => {
      try { env.entity.data.status = 'mine'; } catch { return Object.isFrozen(env.entity); } return false; }, decision: 'ALLOW' },
    { id: 'swaps', tool: 'orders.swap', decision: 'ALLOW' },
    { id: 'absent', tool: 'orders.plain', predicate: (_action, env) => env.entity === undefined, decision: 'ALLOW' },
  ];`,
} as const;

let kit: Kit;
let service: RunningService;
beforeAll(async () => {
  kit = await createKit(WORKSPACE);
  service = await kit.start();
});
afterAll(() => kit.stop());

let orderCount = 0;
/** An order of its own, as its connector last told of it. */
async function order(
  data: Record<string, unknown> | null,
  { id, tenant = 'acme', until = '1 day' }: { id?: string; tenant?: string; until?: string } = {},
): Promise<string> {
  orderCount += 1;
  const own = id ?? `${1000 + orderCount}`;
  await sql`
    INSERT INTO entities (tenant, connector, entity, id, data, version, expires_at)
    VALUES (${tenant}, 'shop', 'orders', ${own}, ${data === null ? null : JSON.stringify(data)}::jsonb, 7,
      clock_timestamp() + ${until}::interval)
    ON CONFLICT (tenant, connector, entity, id) DO UPDATE SET data = excluded.data, version = 8`.execute(kit.db);
  return own;
}

interface Decided {
  readonly action_id: string;
  readonly decision: string;
  readonly reasons: { code: string; policy?: string; message: string }[];
}

let planCount = 0;
async function decide(actions: readonly unknown[]): Promise<Decided[]> {
  planCount += 1;
  const plan = { plan_id: `plan-${planCount}`, operator: 'risk', actions };
  const response = await kit.post(service, '/v1/plans', plan);
  return ((await response.json()) as { decisions: Decided[] }).decisions;
}
const about = (tool: string, order: unknown, more: object = {}) => line(tool, { args: { order, ...more } });
const one = async (tool: string, order: unknown, more: object = {}) =>
  (await decide([about(tool, order, more)]))[0] as Decided;
const codes = ({ reasons }: Decided) => reasons.map(({ code }) => code);

async function recorded({ action_id }: Decided): Promise<EntitySnapshot | null> {
  const row = await kit.db.selectFrom('actions').select('entity').where('id', '=', action_id).executeTakeFirstOrThrow();
  return row.entity;
}

test('a predicate decides by what is known of the entity, and that is recorded', async () => {
  const [paid, open] = [await order({ status: 'paid', total: 7 }), await order({ status: 'open' })];
  const permitted = await one('orders.hold', paid);
  expect(permitted).toMatchObject({ decision: 'ALLOW' });
  expect(await recorded(permitted)).toEqual({
    connector: 'shop',
    name: 'orders',
    id: paid,
    data: { status: 'paid', total: 7 },
    version: '7',
    seenAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  const refused = await one('orders.hold', open);
  expect(codes(refused)).toEqual(['predicate_false']);
  expect(await recorded(refused)).toMatchObject({ id: open, data: { status: 'open' } });
});

test('lines of one plan each see their own entity, and one asked for twice is the same for both', async () => {
  const [paid, open] = [await order({ status: 'paid' }), await order({ status: 'open' })];
  const decided = await decide([
    about('orders.hold', open),
    about('orders.hold', paid),
    about('orders.refund', Number(paid)),
    about('orders.plain', paid),
    about('orders.hold', 'nobody'),
  ]);
  expect(decided.map(({ decision }) => decision)).toEqual(['BLOCK', 'ALLOW', 'ALERT', 'ALLOW', 'BLOCK']);
  const known = await Promise.all(decided.map(recorded));
  expect(known.map((entity) => entity?.id)).toEqual([open, paid, paid, undefined, undefined]);
});

test.each<[string, () => Promise<unknown>]>([
  ['nobody told of', async () => 'unheard-of'],
  ['was deleted', () => order(null)],
  ['was told of too long ago', () => order({ status: 'paid' }, { until: '-1 second' })],
  ['only another tenant knows', () => order({ status: 'paid' }, { tenant: 'globex' })],
  ['has no id that can be read', async () => ({ $ne: null })],
  ['has an id of half of something', async () => 7.5],
  ['has an empty id', async () => ''],
  ['has an id that is a pattern', async () => '%'],
  ['has an id that would be SQL', async () => `' OR ''='`],
  ['has an id that would be an array', async () => '{1001,1002}'],
])('of an entity that %s nothing is known', async (_, make) => {
  await order({ status: 'paid' });
  const decided = await one('orders.hold', await make());
  expect(decided).toMatchObject({ decision: 'BLOCK', reasons: [{ code: 'veto', policy: 'unknown' }] });
  expect(await recorded(decided)).toBeNull();
});

test('an id that Postgres cannot hold blocks its line and takes no neighbour with it', async () => {
  const paid = await order({ status: 'paid' });
  const decided = await decide([
    about('orders.hold', 'a\0b'),
    about('orders.hold', '\ud800'),
    line('orders.hold', { args: [] }),
    line('orders.hold', { tool: { toString: 1 } }),
    about('orders.hold', paid),
  ]);
  expect(decided.map(({ decision }) => decision)).toEqual(['BLOCK', 'BLOCK', 'BLOCK', 'BLOCK', 'ALLOW']);
});

test('ids that look alike are not the same', async () => {
  await order({ status: 'paid' }, { id: 'Order/1' });
  for (const other of ['order/1', ' Order/1', 'Order/1 ', 'Order/']) {
    expect(codes(await one('orders.hold', other))).toEqual(['veto']);
  }
  expect(await one('orders.hold', 'Order/1')).toMatchObject({ decision: 'ALLOW' });
});

test('what conditions and hooks are shown is frozen, and hooks see it too', async () => {
  const id = await order({ status: 'paid' });
  expect(await one('orders.trim', id)).toMatchObject({ decision: 'ALLOW' });
  const decided = await one('orders.swap', id);
  expect(decided).toMatchObject({ decision: 'ALLOW' });
  const { args } = await kit.db
    .selectFrom('actions')
    .select('args')
    .where('id', '=', decided.action_id)
    .executeTakeFirstOrThrow();
  expect(args).toEqual({ order: id, saw: 'paid' });
});

test('an action that a hook or a schema turns to another entity is blocked, also where nothing was known', async () => {
  const [known, other] = [await order({ status: 'paid' }), await order({ status: 'open' })];
  for (const from of [known, 'unheard-of']) {
    const decided = await one('orders.swap', from, { to: other });
    expect(codes(decided)).toEqual(['entity_mismatch']);
  }
  expect(codes(await one('orders.trim', ` ${known}`))).toEqual(['entity_mismatch']);
});

test('what is known later changes nothing: it is scored again, explained and replayed by what was known then', async () => {
  const id = await order({ status: 'paid', b: 1, aa: { c: [2] } });
  const alert = await one('orders.refund', id);
  expect(alert).toMatchObject({ decision: 'ALERT' });
  const before = await recorded(alert);
  await order({ status: 'open' }, { id });
  expect(codes(await one('orders.refund', id))).toEqual(['veto']);

  await kit.db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ approval_id: string }>`
      SELECT approval_id FROM actions WHERE id = ${alert.action_id}`.execute(tx);
    const approval = rows[0]?.approval_id ?? '';
    await sql`INSERT INTO votes (approval, principal, vote, audiences) VALUES (${approval}, 'iss|ann', 'approve', '["reviewer"]')`.execute(
      tx,
    );
    await sql`UPDATE approvals SET status = 'granted', decided_at = now() WHERE id = ${approval}`.execute(tx);
    await sql`UPDATE actions SET state = 'rescore' WHERE id = ${alert.action_id}`.execute(tx);
  });
  const row = await kit.until(async () => {
    const action = await kit.db
      .selectFrom('actions')
      .selectAll()
      .where('id', '=', alert.action_id)
      .executeTakeFirstOrThrow();
    return action.state !== 'rescore' && action;
  });
  expect(row).toMatchObject({ state: 'queued', decision: 'ALERT', entity: before });

  const get = async (path: string) =>
    (await fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${kit.keys.admin}` } })).json();
  expect(await get(`/v1/actions/${alert.action_id}/explanation`)).toMatchObject({
    basis: 'rules',
    entity: before,
    explanation: { decision: 'ALERT', matched: [{ policy: 'open' }] },
  });
  const records = ((await get('/v1/policies/records?limit=200')) as { items: DecisionRecord[] }).items;
  const rules = (await loadRulebook(kit.workspaceDir)).rulesOf('acme');
  const replayed = records.map((record) => ({ record, again: replayRecord(record, rules) }));
  expect(replayed.find(({ record }) => record.action_id === alert.action_id)?.record.entity).toEqual(before);
  const others = replayed.flatMap(({ record, again }): unknown[] => {
    if (!again.ok) return again.why === 'cut' ? [] : [again.why];
    return sameVerdict(again.verdict, record.verdict) ? [] : [{ recorded: record.verdict, again: again.verdict }];
  });
  expect(others).toEqual([]);
});

test('entities beyond what one plan is shown block their lines, and none before them', async () => {
  const ids = await Promise.all(
    Array.from({ length: 18 }, () => order({ status: 'paid', note: 'x'.repeat(32 * 1024 - 40) })),
  );
  const decided = await decide(ids.map((id) => about('orders.hold', id)));
  const blocked = decided.findIndex(({ decision }) => decision === 'BLOCK');
  expect(blocked).toBe(16);
  expect(decided.slice(blocked).map(codes)).toEqual([['entity_unreadable'], ['entity_unreadable']]);
  expect(decided[16]?.reasons[0]?.message).toMatch(/beyond the 524288 bytes that one plan is shown/);
  expect(await recorded(decided[16] as Decided)).toBeNull();
});

test('data that could not be recorded as it is blocks its line', async () => {
  const deep = JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`);
  const decided = await decide([
    about('orders.hold', await order({ deep })),
    about('orders.hold', await order({ status: 'paid' })),
  ]);
  expect(decided.map(codes)).toEqual([['entity_unreadable'], ['allowed']]);
});

test('while what is known cannot be read, what would be decided by it waits, and nothing else does', async () => {
  const id = await order({ status: 'paid' });
  await sql`ALTER TABLE entities RENAME TO entities_away`.execute(kit.db);
  const plan = { plan_id: 'waits', operator: 'risk', actions: [about('orders.hold', id)] };
  const response = await kit.post(service, '/v1/plans', plan);
  expect([response.status, await response.json()]).toMatchObject([503, { code: 'DEPENDENCY_UNAVAILABLE' }]);
  expect(await one('orders.plain', id)).toMatchObject({ decision: 'ALLOW' });
  await sql`ALTER TABLE entities_away RENAME TO entities`.execute(kit.db);
  const again = (await (await kit.post(service, '/v1/plans', plan)).json()) as { decisions: Decided[] };
  expect(again.decisions).toMatchObject([{ decision: 'ALLOW' }]);
});

test('a batch of plans asks the database once, and not at all where no tool declares an entity', async () => {
  const asked: string[] = [];
  const pool = new Pool({ connectionString: kit.servers.databaseUrl, max: 1 });
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void asked.push(query.sql),
  });
  const entities = new Map([['shop orders.hold', { name: 'orders', id: 'order' }]]);
  const book = { tenants: new Map([['acme', { entities }]]) };
  const ids = await Promise.all([order({ n: 1 }), order({ n: 2 })]);
  const plain = { tenant: 'acme', lines: [about('orders.plain', ids[0])] };
  const two = { tenant: 'acme', lines: ids.map((id) => about('orders.hold', id)) };
  const stranger = { tenant: 'globex', lines: two.lines };
  expect(await lookUpEntities({ db }, book, [plain, stranger])(0)).toBeUndefined();
  expect(asked).toEqual([]);
  const known = lookUpEntities({ db }, book, [plain, two, stranger, { ...two, lines: two.lines.toReversed() }]);
  const numbers = async (place: number) =>
    (await known(place))?.map((one) => (one?.ok ? one.snapshot?.data.n : undefined));
  expect([await numbers(0), await numbers(1), await numbers(2), await numbers(3)]).toEqual([
    undefined,
    [1, 2],
    undefined,
    [2, 1],
  ]);
  expect(asked).toHaveLength(1);
  await db.destroy();
});

test('a rehearsal sees what is said of the entity, or what is known now', async () => {
  const id = await order({ status: 'open' });
  const rehearse = async (more: object) => {
    const body = { plan: { plan_id: 'p', actions: [about('orders.hold', id)] }, ...more };
    const response = await kit.post(service, '/v1/evaluate', body, kit.keys.admin);
    return ((await response.json()) as { decisions: Decided[] }).decisions[0] as Decided;
  };
  const env = { source: 's', type: 't' };
  expect(codes(await rehearse({}))).toEqual(['predicate_false']);
  expect(codes(await rehearse({ env }))).toEqual(['predicate_false']);
  expect(codes(await rehearse({ env: { ...env, entity: { data: { status: 'paid' } } } }))).toEqual(['allowed']);
  expect(codes(await rehearse({ env: { ...env, entity: null } }))).toEqual(['veto']);
  const another = { id: 'another', data: { status: 'paid' } };
  expect(codes(await rehearse({ env: { ...env, entity: another } }))).toEqual(['entity_mismatch']);
  const tools = { shop: { 'orders.hold': 'write' } };
  expect(codes(await rehearse({ tools, env: { ...env, entity: another } }))).toEqual(['allowed']);
});
