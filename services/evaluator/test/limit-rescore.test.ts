import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKit, type Kit, line } from './kit.ts';

let kit: Kit;
let services: RunningService[] = [];
beforeAll(async () => {
  kit = await createKit();
});
afterAll(() => kit.stop());

const HELD = policies("decision: 'ALERT'");

function policies(terms: string): string {
  return `export default [{ id: 'refunds', tool: 'orders.refund', ${terms} }];`;
}

/** Policies change as they do with a new version: the evaluators stop, and others start. */
async function restart(text: string, meanwhile?: () => Promise<unknown>): Promise<void> {
  await Promise.all(services.map((service) => service.stop()));
  await writeFile(join(kit.workspaceDir, 'tenants/acme/policies.ts'), text);
  await meanwhile?.();
  services = await Promise.all([kit.start(), kit.start()]);
}

let plans = 0;

async function propose(entities: readonly string[]): Promise<Decision[]> {
  plans += 1;
  const actions = entities.map((entity_key) => line('orders.refund', { entity_key, args: { amount: 9 } }));
  const service = services[plans % services.length] as RunningService;
  const answer = await kit.post(service, '/v1/plans', { plan_id: `plan-${plans}`, operator: 'risk', actions });
  return ((await answer.json()) as { decisions: Decision[] }).decisions;
}

const idsOf = (decisions: readonly Decision[]) => decisions.map(({ action_id }) => action_id);

/** What the approvals service does when the last vote comes. */
async function grant(id: string): Promise<void> {
  await kit.db.transaction().execute(async (tx) => {
    const action = await tx.selectFrom('actions').select('approval_id').where('id', '=', id).executeTakeFirstOrThrow();
    const approval = action.approval_id ?? '';
    const vote = { approval, principal: 'iss|ann', vote: 'approve' as const, audiences: '["reviewer"]', comment: null };
    await tx.insertInto('votes').values(vote).execute();
    const granted = { status: 'granted' as const, decided_at: new Date() };
    await tx.updateTable('approvals').set(granted).where('id', '=', approval).execute();
    await tx.updateTable('actions').set({ state: 'rescore' }).where('id', '=', id).execute();
  });
}

const rescored = (ids: readonly string[]) =>
  kit.until(async () => {
    const rows = await kit.db.selectFrom('actions').selectAll().where('id', 'in', ids).orderBy('id').execute();
    return rows.every(({ state }) => state !== 'rescore') && rows;
  });

const reservationsOf = (ids: readonly string[]) =>
  kit.db.selectFrom('limit_reservations').selectAll().where('action', 'in', ids).orderBy('action').execute();

test('an action that is scored again leaves out its own reservation', async () => {
  await restart(policies("limit: { count: 1, total: 9, per: '24h', by: 'entity' }, decision: 'ALERT'"));
  const [held, next] = await propose(['order:own', 'order:own']);
  expect([held?.state, next?.state]).toEqual(['held', 'blocked']);
  const id = held?.action_id ?? '';
  await grant(id);
  expect((await rescored([id]))[0]).toMatchObject({ state: 'queued', reserves: true });
  expect(await reservationsOf([id])).toMatchObject([{ counted_at: null, amount: '9' }]);
  expect((await propose(['order:own']))[0]?.state).toBe('blocked');

  // As the executor does with an authorisation that is too old.
  await kit.db.updateTable('actions').set({ state: 'rescore', lane_seq: null }).where('id', '=', id).execute();
  expect((await rescored([id]))[0]).toMatchObject({ state: 'queued', reserves: true });
  expect(await reservationsOf([id])).toHaveLength(1);
});

test('an action that waits to be scored again holds its place', async () => {
  await restart(policies("limit: { count: 1, per: '24h', by: 'entity' }, decision: 'ALERT'"));
  const [held] = await propose(['order:waits']);
  await kit.db
    .updateTable('actions')
    .set({ state: 'rescore' })
    .where('id', '=', held?.action_id ?? '')
    .execute();
  expect((await propose(['order:waits']))[0]?.state).toBe('blocked');
});

test('the limit of now decides: what no longer fits is blocked, and what it had reserved is free', async () => {
  await restart(policies("limit: { count: 3, per: '24h', by: 'entity' }, decision: 'ALERT'"));
  const ids = idsOf(await propose(['order:lowered', 'order:lowered', 'order:lowered']));
  await restart(policies("limit: { count: 1, per: '24h', by: 'entity' }, decision: 'ALERT'"), () =>
    Promise.all(ids.map(grant)),
  );
  const rows = await rescored(ids);
  expect(rows.map(({ state }) => state).sort()).toEqual(['blocked', 'blocked', 'queued']);
  for (const row of rows.filter(({ state }) => state === 'blocked')) {
    expect(row).toMatchObject({ decision: 'BLOCK', reserves: false, error: 'blocked by trust policy' });
    expect(row.reasons).toEqual([
      { code: 'limit_exceeded', policy: 'refunds', message: '1 of 1 in 24h by entity order:lowered' },
    ]);
    const receipts = await kit.db.selectFrom('receipts').select('outcome').where('action', '=', row.id).execute();
    expect(receipts.map(({ outcome }) => outcome).sort()).toEqual(['blocked', 'held']);
    await kit.until(async () =>
      (await kit.messages('OUTCOMES')).some(
        ({ subject, text }) => subject.includes('.blocked.') && text.includes(row.id),
      ),
    );
  }
  expect(await reservationsOf(ids)).toHaveLength(1);
});

test('a limit that is no longer there keeps nothing reserved', async () => {
  await restart(policies("limit: { count: 1, per: '24h', by: 'entity' }, decision: 'ALERT'"));
  const ids = idsOf(await propose(['order:lifted']));
  await restart(HELD, () => Promise.all(ids.map(grant)));
  expect(await rescored(ids)).toMatchObject([{ state: 'queued', reserves: false }]);
  expect(await reservationsOf(ids)).toEqual([]);
});

test('grants race with proposals for what is left, over two evaluators, and exactly that much goes through', async () => {
  await restart(HELD);
  const groups = [0, 1, 2, 3, 4].map((group) => Array.from({ length: 20 }, (_, n) => `order:grants-${group}-${n}`));
  const entities = groups.flat();
  const held = idsOf([...(await propose(entities)), ...(await propose(entities))]);
  await restart(policies("limit: { count: 3, per: '24h', by: 'entity' }, decision: 'ALLOW'"));
  const shuffled = <T>(items: readonly T[]): T[] => [...items].sort(() => Math.random() - 0.5);
  const proposals = [...groups, ...groups, ...groups].map((group) => () => propose(shuffled(group)));
  await Promise.all(shuffled([...held.map((id) => () => grant(id)), ...proposals]).map((begin) => begin()));
  await rescored(held);
  const { rows } = await sql<{ queued: number; blocked: number; reserved: number }>`
    SELECT count(*) FILTER (WHERE state = 'queued')::int AS queued, count(*) FILTER (WHERE state = 'blocked')::int AS blocked,
      (SELECT count(*)::int FROM limit_reservations r WHERE r.action = ANY (array_agg(a.id))) AS reserved
    FROM actions a WHERE entity_key LIKE 'order:grants-%' GROUP BY entity_key`.execute(kit.db);
  expect(rows).toHaveLength(100);
  for (const row of rows) expect(row).toEqual({ queued: 3, blocked: 2, reserved: 3 });
  const deadlocks = await sql<{ deadlocks: number }>`
    SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`.execute(kit.db);
  expect(deadlocks.rows[0]?.deadlocks).toBe(0);
});
