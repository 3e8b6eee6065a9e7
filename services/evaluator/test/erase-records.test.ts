import { replayRecord } from '@holdpoint/policy/replay/replay-record';
import { createReplay } from '@holdpoint/policy/replay/replay-report';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import { type ActionState, STATES, TERMINAL_STATES } from '@holdpoint/shared/domain/lifecycle';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eraseRecords } from '../src/store/erase-records.ts';
import { createKit, type Kit, line } from './kit.ts';

const KEEP_DAYS = 100;

let kit: Kit;
let service: RunningService;
/** As the services log in. */
let db: Kysely<Database>;
beforeAll(async () => {
  kit = await createKit();
  service = await kit.start();
  const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
  db = createDatabase<Database>(createPool({ url: kit.servers.databaseUrl, applicationName: 'test', max: 4, logger }));
});
afterAll(async () => {
  await db.destroy();
  await kit.stop();
});

interface Answer {
  readonly id: string;
  readonly decisions: readonly { readonly action_id: string; readonly state: string; readonly duplicate_of?: string }[];
  readonly outcomes?: readonly unknown[];
}

let planCount = 0;
async function propose(actions: readonly unknown[], query = ''): Promise<Answer> {
  planCount += 1;
  const plan = { plan_id: `plan-${planCount}`, operator: 'risk', actions };
  return (await (await kit.post(service, `/v1/plans${query}`, plan)).json()) as Answer;
}

const age = (plan: string, days: number) =>
  sql`UPDATE plans SET created_at = created_at - ${days} * interval '1 day' WHERE id = ${plan}::uuid`.execute(kit.db);

/** As if the executor had brought it there. */
async function bring(action: string, state: ActionState): Promise<void> {
  await sql`ALTER TABLE actions DISABLE TRIGGER actions_edge`.execute(kit.db);
  await sql`UPDATE actions SET state = ${state}, result = '{"ref": 7}', lane_seq = NULL, token = gen_random_uuid(),
    worker = gen_random_uuid(), duplicate_of = CASE WHEN ${state} = 'duplicate' THEN id END WHERE id = ${action}::uuid`.execute(
    kit.db,
  );
  await sql`ALTER TABLE actions ENABLE TRIGGER actions_edge`.execute(kit.db);
}

async function eraseAll(plansMax = 100): Promise<number> {
  let plans = 0;
  for (let after: Parameters<typeof eraseRecords>[1]['after']; ; ) {
    const erased = await eraseRecords(db, { keepDays: KEEP_DAYS, plansMax, after });
    plans += erased.plans;
    if (!erased.next) return plans;
    after = erased.next;
  }
}

const planRow = (id: string) => kit.db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const actionRow = (id = '') => kit.db.selectFrom('actions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const heldLine = () => line('orders.refund', { args: { amount: 9, note: 'for Ann', card: '4242' } });

/** Ends an approval as the approvals service does. */
async function deny(action: string): Promise<void> {
  await sql`UPDATE approvals SET status = 'denied', decided_at = clock_timestamp() WHERE action = ${action}::uuid`.execute(
    kit.db,
  );
  await bring(action, 'denied');
}

test('what has been kept for its time is erased: bodies go, and rows, keys, digests, decisions and receipts stay', async () => {
  const plan = await propose([heldLine(), line('orders.hold', { strange: 1 })]);
  const [held, blocked] = plan.decisions.map(({ action_id }) => action_id);
  await deny(held ?? '');
  await kit.db.updateTable('actions').set({ entity: '{"id": "7"}' }).where('plan', '=', plan.id).execute();
  await age(plan.id, KEEP_DAYS + 1);
  const receipts = () => kit.db.selectFrom('receipts').selectAll().where('plan', '=', plan.id).orderBy('id').execute();
  const [before, told] = [await actionRow(held), await receipts()];
  expect(await eraseAll()).toBe(1);
  const after = await actionRow(held);
  expect(after).toEqual({
    ...before,
    args: {},
    proposed: null,
    entity: null,
    result: null,
    erased_at: expect.any(Date),
  });
  expect(await actionRow(blocked)).toMatchObject({ args: {}, proposed: null, state: 'blocked', decision: 'BLOCK' });
  expect(await receipts()).toEqual(told);
  expect(await planRow(plan.id)).toMatchObject({
    erased_at: expect.any(Date),
    env: { source: 'operator:risk', data: null },
  });
  const [approval] = await kit.db
    .selectFrom('approvals')
    .selectAll()
    .where('action', '=', held ?? '')
    .execute();
  expect(approval).toMatchObject({ args: {}, status: 'denied', erased_at: expect.any(Date) });
  expect(await eraseAll()).toBe(0);
});

test('what is younger stays', async () => {
  const plan = await propose([line('orders.hold', { args: { a: 1 }, strange: 1 })]);
  await age(plan.id, KEEP_DAYS - 1);
  expect(await eraseAll()).toBe(0);
});

test.each(STATES.map((state) => [state, TERMINAL_STATES.includes(state)] as const))(
  'a plan with an action that is %s, its others ended: erased %s',
  async (state, ended) => {
    const plan = await propose([line('orders.hold', { args: { a: 1 } }), line('orders.hold', { strange: 1 })]);
    const [action] = plan.decisions;
    await bring(action?.action_id ?? '', state);
    await age(plan.id, KEEP_DAYS + 1);
    expect(await eraseAll()).toBe(ended ? 1 : 0);
    const args = (
      await kit.db.selectFrom('actions').select('args').where('plan', '=', plan.id).orderBy('index').execute()
    )[0];
    expect(args).toEqual({ args: ended ? {} : { a: 1 } });
    // For the tests that follow, which count what is erased.
    await bring(action?.action_id ?? '', 'cancelled');
    await eraseAll();
  },
);

test('a review that is still open keeps what ran beside it', async () => {
  const plan = await propose([heldLine()]);
  await bring(plan.decisions[0]?.action_id ?? '', 'applied');
  await age(plan.id, KEEP_DAYS + 1);
  expect(await eraseAll()).toBe(0);
  await sql`UPDATE approvals SET status = 'granted' WHERE status = 'pending'`.execute(kit.db);
  expect(await eraseAll()).toBe(1);
});

test('the key of what is erased is held for ever, and its duplicates, old and new, answer its outcome', async () => {
  const proposed = line('orders.hold', { args: { a: 1 }, value: 5 });
  const original = await propose([proposed]);
  const old = await propose([proposed]);
  const id = original.decisions[0]?.action_id ?? '';
  expect(old.decisions).toMatchObject([{ state: 'duplicate', duplicate_of: id }]);
  await bring(id, 'applied');
  for (const plan of [original, old]) await age(plan.id, KEEP_DAYS + 1);
  expect(await eraseAll()).toBe(2);
  const applied = { outcome: 'duplicate', ok: true, duplicate_of: id };
  const again = await propose([proposed], '?wait=5');
  expect(again).toMatchObject({ decisions: [{ state: 'duplicate', duplicate_of: id }], outcomes: [applied] });
  const other = await propose([{ ...proposed, args: { a: 2 } }]);
  expect(other.decisions).toMatchObject([{ state: 'blocked', reasons: [{ code: 'idempotency_conflict' }] }]);
  // Proposed again under its own id, the old one is answered as it was.
  const same = await kit.post(service, '/v1/plans?wait=5', {
    plan_id: `plan-${planCount - 2}`,
    operator: 'risk',
    actions: [proposed],
  });
  expect(await same.json()).toMatchObject({ id: old.id, outcomes: [applied] });
});

test('several that erase at once erase each plan once, in batches', async () => {
  const plans = await Promise.all(Array.from({ length: 12 }, () => propose([line('orders.hold', { strange: 1 })])));
  for (const plan of plans) await age(plan.id, KEEP_DAYS + 1);
  const counts = await Promise.all([eraseAll(3), eraseAll(3), eraseAll(5)]);
  // One that skips what another holds may leave some to its next round.
  const rest = await eraseAll(4);
  expect(counts.reduce((a, b) => a + b) + rest).toBe(12);
});

test('the walk is by its index, which what is erased has left', async () => {
  const { rows } = await db.connection().execute(async (one) => {
    await sql`SET enable_seqscan = off`.execute(one);
    return sql<{ 'QUERY PLAN': string }>`EXPLAIN SELECT id FROM plans WHERE erased_at IS NULL
      AND created_at < now() - 400 * interval '1 day' ORDER BY created_at, id LIMIT 50 FOR NO KEY UPDATE SKIP LOCKED`.execute(
      one,
    );
  });
  const text = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toContain('Index Scan using plans_unerased');
  expect(text).not.toContain('Sort');
});

test('records say that they are erased, and replay leaves them out', async () => {
  const response = await fetch(`${service.url}/v1/policies/records?limit=200`, {
    headers: { authorization: `Bearer ${kit.keys.admin}` },
  });
  const { items } = (await response.json()) as { items: DecisionRecord[] };
  const gone = items.filter(({ erased_at }) => erased_at !== undefined);
  expect(gone[0]).toMatchObject({ line: { args: {} }, env: { data: null } });
  const rules = (await loadRulebook(kit.workspaceDir)).rulesOf('acme');
  const replay = createReplay(rules.policies.version, 10);
  for (const record of items) replay.add(record, replayRecord(record, rules));
  const { by } = replay.report().not_replayed;
  const ended = gone.filter(({ state }) => state !== 'duplicate').length;
  expect(by.find(({ why }) => why === 'erased')?.count).toBe(ended);
});

test('an evaluator that is told for how long erases by itself', async () => {
  const plan = await propose([line('orders.hold', { strange: 1 })]);
  await age(plan.id, 3);
  await kit.start({ recordsDays: 2 });
  await kit.until(async () => (await planRow(plan.id)).erased_at !== null);
});
