import type { Decision } from '@holdpoint/shared/domain/action';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { LimitInUse } from '@holdpoint/shared/domain/reservation';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const POLICIES = `export default [
  { id: 'holds', tool: 'orders.hold', limit: { count: 3, per: '24h', by: 'entity' }, decision: 'ALLOW' },
  { id: 'refunds', tool: 'orders.refund', limit: { total: 1, per: '24h', by: 'entity' }, decision: 'ALLOW' },
  { id: 'cancels', tool: 'orders.cancel', limit: { count: 1, per: '2h', by: 'entity' }, decision: 'ALERT' },
  { id: 'spins-here', tool: 'orders.spin', limit: { count: 1, per: '24h', by: 'entity' }, decision: 'ALLOW' },
  { id: 'spins', tool: 'orders.spin', limit: { total: 7, per: '24h', by: 'tool' }, decision: 'ALLOW' },
];`;

let kit: Kit;
let services: RunningService[];
beforeAll(async () => {
  kit = await createKit({ ...WORKSPACE, 'tenants/acme/policies.ts': POLICIES });
  services = await Promise.all([kit.start(), kit.start(), kit.start()]);
});
afterAll(() => kit.stop());

let plans = 0;

async function propose(actions: readonly unknown[], index = 0): Promise<Decision[]> {
  plans += 1;
  const plan = { plan_id: `plan-${plans}`, operator: 'risk', actions };
  const response = await kit.post(services[index % services.length] as RunningService, '/v1/plans', plan);
  expect(response.status).toBe(200);
  return ((await response.json()) as { decisions: Decision[] }).decisions;
}

const statesOf = async (...asked: Parameters<typeof propose>) => (await propose(...asked)).map(({ state }) => state);
const hold = (entity_key: string, more: object = {}) => line('orders.hold', { entity_key, ...more });
const shuffled = <T>(items: readonly T[]): T[] => [...items].sort(() => Math.random() - 0.5);

/** Takes an action from where it is to `states`, edge by edge, as whichever service does; out of its lane, to hold up no other. */
async function move(id: string, ...states: readonly ActionState[]): Promise<void> {
  for (const state of states) {
    await sql`UPDATE actions SET state = ${state}, lane_seq = NULL, token = gen_random_uuid(), worker = gen_random_uuid()
      WHERE id = ${id}`.execute(kit.db);
  }
}

const reservationsOf = (id: string) =>
  kit.db.selectFrom('limit_reservations').selectAll().where('action', '=', id).execute();

describe('a limit', () => {
  test('lets as many through as it says, over plans and within one, and says why the next is blocked', async () => {
    expect(await statesOf([hold('order:a'), hold('order:a')])).toEqual(['queued', 'queued']);
    const [third, fourth, other] = await propose([hold('order:a'), hold('order:a'), hold('order:b')]);
    expect([third?.state, other?.state]).toEqual(['queued', 'queued']);
    expect(fourth).toMatchObject({
      state: 'blocked',
      decision: 'BLOCK',
      reasons: [{ code: 'limit_exceeded', policy: 'holds', message: '3 of 3 in 24h by entity order:a' }],
      matched: ['holds'],
    });
    const receipt = await kit.db
      .selectFrom('receipts')
      .select(['reasons', 'outcome', 'error'])
      .where('action', '=', fourth?.action_id ?? '')
      .executeTakeFirstOrThrow();
    expect(receipt).toMatchObject({ outcome: 'blocked', reasons: fourth?.reasons, error: 'blocked by trust policy' });
  });

  test('sums values exactly: 0.1 fits ten times into 1', async () => {
    const refund = () => line('orders.refund', { entity_key: 'order:sum', args: { amount: 0.1 } });
    const decisions = [
      ...(await propose(Array.from({ length: 6 }, refund))),
      ...(await propose([1, 2, 3, 4, 5].map(refund))),
    ];
    expect(decisions.map(({ state }) => state)).toEqual([...Array(10).fill('queued'), 'blocked']);
    expect(decisions[10]?.reasons[0]?.message).toBe('1 and 0.1 more of 1 in 24h by entity order:sum');
  });

  test('is asked only where the key is free: a duplicate and a conflict reserve nothing', async () => {
    const same = hold('order:dup', { idempotency_key: 'dup' });
    expect(await statesOf([same])).toEqual(['queued']);
    expect(await statesOf([same, { ...same, value: 2 }, same])).toEqual(['duplicate', 'blocked', 'duplicate']);
    expect(await statesOf([hold('order:dup'), hold('order:dup'), hold('order:dup')])).toEqual([
      'queued',
      'queued',
      'blocked',
    ]);
  });

  test('that blocks a line leaves its key free: the next line with that key may', async () => {
    expect(await statesOf([1, 2, 3].map(() => hold('order:key')))).toEqual(['queued', 'queued', 'queued']);
    const key = { idempotency_key: 'freed-key' };
    expect(await statesOf([hold('order:key', key), hold('order:key-2', key)])).toEqual(['blocked', 'queued']);
  });

  test('is reserved with all others that match, or none is', async () => {
    const spin = (entity_key: string, value: number) => line('orders.spin', { entity_key, value });
    expect(await statesOf([spin('order:s1', 5)])).toEqual(['queued']);
    const [over] = await propose([spin('order:s2', 3)]);
    expect(over).toMatchObject({ state: 'blocked', reasons: [{ policy: 'spins' }] });
    const [both] = await propose([spin('order:s1', 4)]);
    expect(both?.reasons.map(({ policy }) => policy)).toEqual(['spins', 'spins-here']);
    // Had the refused line kept its own entity's place, this would be refused for it.
    expect(await statesOf([spin('order:s2', 2)])).toEqual(['queued']);
  });

  test('is only rehearsed by an evaluation: it says what would be reserved, and reserves nothing', async () => {
    const plan = { plan_id: 'rehearsed', actions: [hold('order:rehearsed'), line('orders.read')] };
    const before = await kit.db.selectFrom('limit_reservations').selectAll().execute();
    const answer = await kit.post(services[0] as RunningService, '/v1/evaluate', { plan }, kit.keys.admin);
    const { decisions } = (await answer.json()) as { decisions: Decision[] };
    expect(decisions[0]?.reservations).toEqual([
      {
        policy: 'holds',
        key: '["holds","entity","order:rehearsed"]',
        by: 'entity',
        who: 'order:rehearsed',
        amount: 0,
        count: 3,
        per_seconds: 86_400,
      },
    ]);
    expect(decisions[1]).not.toHaveProperty('reservations');
    expect(await kit.db.selectFrom('limit_reservations').selectAll().execute()).toEqual(before);
  });
});

describe('what is reserved', () => {
  const RELEASED: Record<string, readonly ActionState[]> = {
    failed: ['running', 'failed'],
    'given up': ['running', 'indeterminate', 'failed'],
    cancelled: ['cancelled'],
    expired: ['expired'],
    blocked: ['rescore', 'blocked'],
  };
  test.each(Object.entries(RELEASED))('is free again when the action is %s', async (ending, states) => {
    const decisions = await propose([1, 2, 3].map(() => hold(`order:${ending}`)));
    await move(decisions[1]?.action_id ?? '', ...states);
    expect(await reservationsOf(decisions[1]?.action_id ?? '')).toEqual([]);
    expect(await statesOf([hold(`order:${ending}`), hold(`order:${ending}`)])).toEqual(['queued', 'blocked']);
  });

  test.each(['denied', 'expired', 'cancelled'] as const)('is free again when what was held is %s', async (ending) => {
    const cancel = () => line('orders.cancel', { entity_key: `order:held-${ending}` });
    const [held, next] = await propose([cancel(), cancel()]);
    expect([held?.state, next?.state]).toEqual(['held', 'blocked']);
    await move(held?.action_id ?? '', ending);
    expect(await statesOf([cancel()])).toEqual(['held']);
  });

  test.each([
    ['running', ['running']],
    ['indeterminate', ['running', 'indeterminate']],
    ['queued again', ['running', 'queued']],
    ['run again by a person', ['running', 'indeterminate', 'queued']],
  ] as const)('counts while the action is %s, however long that is', async (name, states) => {
    const [first] = await propose([1, 2, 3].map(() => hold(`order:${name}`)));
    await move(first?.action_id ?? '', ...states);
    await sql`UPDATE actions SET created_at = created_at - interval '1 year', updated_at = updated_at - interval '1 year'
      WHERE entity_key = ${`order:${name}`}`.execute(kit.db);
    expect(await statesOf([hold(`order:${name}`)])).toEqual(['blocked']);
  });

  test.each([
    ['at once', ['running', 'applied']],
    ['as a person says', ['running', 'indeterminate', 'applied']],
  ] as const)('counts from when the action was applied, %s, until that leaves the window', async (how, states) => {
    const entity = `order:applied-${how}`;
    const decisions = await propose([1, 2, 3].map(() => hold(entity)));
    for (const { action_id } of decisions) await move(action_id, ...states);
    expect(await statesOf([hold(entity)])).toEqual(['blocked']);
    const [oldest, second] = decisions.map(({ action_id }) => action_id);
    await age(oldest, '24 hours');
    await age(second, '23 hours 59 minutes');
    expect(await statesOf([hold(entity), hold(entity)])).toEqual(['queued', 'blocked']);
  });

  const age = (action: string | undefined, by: string) =>
    sql`UPDATE limit_reservations SET counted_at = counted_at - ${by}::interval WHERE action = ${action}`.execute(
      kit.db,
    );
});

describe('any number of evaluators', () => {
  test('let exactly as many through as the limit says, in whichever order plans clash', async () => {
    for (let round = 0; round < 20; round += 1) {
      const entities = Array.from({ length: 10 }, (_, index) => `order:race-${round}-${index}`);
      await Promise.all(
        Array.from({ length: 9 }, (_, index) =>
          propose(
            shuffled(entities).map((entity) => hold(entity)),
            index,
          ),
        ),
      );
    }
    const { rows } = await sql<{ queued: number; blocked: number }>`
      SELECT count(*) FILTER (WHERE state = 'queued')::int AS queued, count(*) FILTER (WHERE state = 'blocked')::int AS blocked
      FROM actions WHERE entity_key LIKE 'order:race-%' GROUP BY entity_key`.execute(kit.db);
    expect(rows).toHaveLength(200);
    for (const row of rows) expect(row).toEqual({ queued: 3, blocked: 6 });
    await expectNoDeadlock();
  });

  test('never let too many through while actions end in every way, and in the end use all of it', async () => {
    const entities = ['order:churn-1', 'order:churn-2', 'order:churn-3'];
    const endings: readonly (readonly ActionState[])[] = [
      ['running', 'failed'],
      ['cancelled'],
      ['rescore', 'blocked'],
      ['expired'],
      ['running', 'queued', 'running', 'indeterminate', 'failed'],
    ];
    let proposing = true;
    const watched = watch();
    const done = Promise.all(
      Array.from({ length: 3 }, async (_, index) => {
        for (let round = 0; round < 40; round += 1) {
          const asked = shuffled(entities).map((entity) => hold(entity));
          for (const { action_id, state } of await propose(asked, index)) {
            if (state === 'queued') await move(action_id, ...(endings[round % endings.length] ?? []));
          }
        }
      }),
    );
    await done.finally(() => {
      proposing = false;
    });
    expect(Math.max(...(await watched))).toBeLessThanOrEqual(3);
    expect(await statesOf(entities.flatMap((entity) => [1, 2, 3, 4].map(() => hold(entity))))).toEqual(
      entities.flatMap(() => ['queued', 'queued', 'queued', 'blocked']),
    );
    await expectNoDeadlock();

    /** How many actions of one entity were alive at once, looked at all the time. */
    async function watch(): Promise<number[]> {
      const seen = [0];
      while (proposing) {
        const { rows } = await sql<{ n: number }>`
          SELECT count(*)::int AS n FROM actions
          WHERE entity_key LIKE 'order:churn-%' AND state IN ('queued', 'running', 'indeterminate', 'rescore', 'applied')
          GROUP BY entity_key`.execute(kit.db);
        seen.push(...rows.map(({ n }) => n));
      }
      return seen;
    }
  });

  async function expectNoDeadlock(): Promise<void> {
    const { rows } = await sql<{ deadlocks: number }>`
      SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`.execute(kit.db);
    expect(rows[0]?.deadlocks).toBe(0);
  }
});

describe('the list of limits', () => {
  async function list(
    query = '',
    key = kit.keys.admin,
  ): Promise<{ status: number; items: LimitInUse[]; next_cursor?: string }> {
    const url = `${(services[0] as RunningService).url}/v1/limits${query}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    return { status: response.status, ...((await response.json()) as { items: LimitInUse[] }) };
  }

  async function all(): Promise<LimitInUse[]> {
    const found: LimitInUse[] = [];
    let cursor = '';
    do {
      const page = await list(`?limit=3${cursor}`);
      found.push(...page.items);
      cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : '';
    } while (cursor);
    return found;
  }

  test('says what is used, of how much, and when the first is free again', async () => {
    const decisions = await propose([hold('order:listed'), hold('order:listed')]);
    await move(decisions[0]?.action_id ?? '', 'running', 'applied');
    const [row] = await reservationsOf(decisions[0]?.action_id ?? '');
    const limits = await all();
    expect(limits.find(({ who }) => who === 'order:listed')).toEqual({
      policy: 'holds',
      by: 'entity',
      who: 'order:listed',
      in_force: true,
      used_count: 2,
      count: 3,
      used_total: '0',
      open_count: 1,
      per_seconds: 86_400,
      releases_at: new Date((row?.counted_at?.getTime() ?? 0) + 86_400_000).toISOString(),
    });
    expect(limits.find(({ who }) => who === 'order:sum')).toMatchObject({ used_total: '1.0', total: 1 });
    const keys = limits.map(({ policy, by, who }) => `${policy} ${by} ${who}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('spins tool shop orders.spin');
  });

  test('is for the tenant’s admins, and takes only cursors that it gave', async () => {
    expect((await list('', kit.keys.operator)).status).toBe(403);
    expect((await list('?cursor=AA')).status).toBe(400);
    expect((await list('?cursor=!')).status).toBe(400);
  });
});
