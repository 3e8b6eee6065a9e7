import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { Decision } from '@holdpoint/shared/domain/action';
import type { GrantCondition } from '@holdpoint/shared/domain/standing-grant';
import { newId } from '@holdpoint/shared/runtime/ids';
import type { RunningService } from '@holdpoint/shared/runtime/service';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Holding } from '../src/core/cover.ts';
import { takeGrants } from '../src/store/take-grants.ts';
import { createKit, type Kit, line, WORKSPACE } from './kit.ts';

const POLICIES = `export default [
  { id: 'holds', tool: 'orders.hold', decision: 'ALLOW' },
  { id: 'refunds', tool: 'orders.refund', decision: 'ALERT' },
  { id: 'two', tool: 'orders.cancel', limit: { count: 20, per: '24h', by: 'entity' }, decision: 'ALERT',
    escalation: { audience: 'reviewer' } },
  { id: 'too', tool: 'orders.cancel', decision: 'ALERT', escalation: { audience: 'compliance' } },
];`;

let kit: Kit;
let services: RunningService[];
beforeAll(async () => {
  kit = await createKit({ ...WORKSPACE, 'tenants/acme/policies.ts': POLICIES });
  services = await Promise.all([kit.start(), kit.start(), kit.start()]);
});
afterAll(() => kit.stop());

interface Terms {
  readonly tool?: string;
  readonly args?: readonly GrantCondition[];
  readonly uses?: number;
  readonly principal?: string;
  readonly audience?: string;
  readonly forMs?: number;
}

async function given({ tool = 'orders.refund', args = [], uses = 100, ...more }: Terms): Promise<string> {
  const { principal = 'iss|ann', audience = 'reviewer', forMs = 600_000 } = more;
  const id = newId();
  await sql`
    INSERT INTO standing_grants (id, tenant, operator, connector, tool, args, until, uses, uses_left, audiences, granted_by,
      granted_by_name, reason)
    VALUES (${id}, 'acme', 'risk', 'shop', ${tool}, ${JSON.stringify(args)}::jsonb,
      clock_timestamp() + ${forMs} * interval '1 millisecond', ${uses}, ${uses}, ${JSON.stringify([audience])}::jsonb,
      ${principal}, 'Ann', 'races')`.execute(kit.db);
  return id;
}

let plans = 0;
async function propose(actions: readonly unknown[]): Promise<Decision[]> {
  plans += 1;
  const plan = { plan_id: `plan-${plans}`, operator: 'risk', actions };
  const response = await kit.post(services[plans % services.length] as RunningService, '/v1/plans', plan);
  expect(response.status).toBe(200);
  return ((await response.json()) as { decisions: Decision[] }).decisions;
}

const refund = (round: string) => line('orders.refund', { args: { amount: 1, round } });
const pinned = (round: string): Terms => ({ args: [{ path: 'round', equals: round }] });
const counted = (states: readonly string[]) =>
  Object.fromEntries(['queued', 'held'].map((one) => [one, states.filter((state) => state === one).length]));
const shuffled = <T>(items: readonly T[]): T[] => [...items].sort(() => Math.random() - 0.5);
const usesLeft = async (id: string) =>
  (await kit.db.selectFrom('standing_grants').select('uses_left').where('id', '=', id).executeTakeFirstOrThrow())
    .uses_left;

async function deadlocks(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`.execute(kit.db);
  return rows[0]?.n ?? -1;
}

test('200 lines at once over a grant with 50 uses: 50 go on and 150 are held, whoever decides them', async () => {
  const id = await given({ ...pinned('many'), uses: 50 });
  const decided = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      propose(index < 50 ? [refund('many')] : [refund('many'), refund('many'), refund('many')]),
    ),
  );
  expect(counted(decided.flat().map(({ state }) => state))).toEqual({ queued: 50, held: 150 });
  expect(await usesLeft(id)).toBe(0);
  const uses = await kit.db
    .selectFrom('standing_grant_uses')
    .select('uses_left')
    .where('standing_grant', '=', id)
    .execute();
  // One after the other, each with a number of its own.
  expect(uses.map(({ uses_left }) => uses_left).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
});

test('a grant that is revoked as it is spent is spent before or not at all, 1,000 rounds', {
  timeout: 120_000,
}, async () => {
  const revoke = async (id: string) => {
    const { rows } = await sql<{ uses_left: number }>`
      UPDATE standing_grants SET revoked_at = clock_timestamp(), revoked_by = 'bob' WHERE id = ${id}
      RETURNING uses_left`.execute(kit.db);
    return rows[0]?.uses_left;
  };
  const seen = new Set<string>();
  const round = async (index: number): Promise<void> => {
    const name = `revoked-${index}`;
    const id = await given({ ...pinned(name), uses: 1 });
    const [decided, left] = await Promise.all([
      propose([refund(name)]),
      // Now before the decision looks, now while it does, now after.
      new Promise((resolve) => setTimeout(resolve, index % 12)).then(() => revoke(id)),
    ]);
    const state = decided[0]?.state;
    expect([state, left]).toEqual(state === 'queued' ? ['queued', 0] : ['held', 1]);
    expect(await usesLeft(id)).toBe(left);
    seen.add(String(state));
  };
  for (let index = 0; index < 1_000; index += 4) await Promise.all([0, 1, 2, 3].map((next) => round(index + next)));
  expect([...seen].sort()).toEqual(['held', 'queued']);
});

test('a grant that ends while a decision waits for it is not spent: the time is that of the lock, not of the question', async () => {
  const id = await given({ ...pinned('ends'), forMs: 700 });
  const locked = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const holder = kit.db.transaction().execute(async (tx) => {
    await sql`SELECT 1 FROM standing_grants WHERE id = ${id} FOR UPDATE`.execute(tx);
    locked.resolve();
    await asked.promise;
    await sql`SELECT pg_sleep_until(until) FROM standing_grants WHERE id = ${id}`.execute(tx);
  });
  await locked.promise;
  const decided = propose([refund('ends')]);
  await kit.until(async () => {
    const { rows } = await sql`
      SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%standing_grants%'`.execute(kit.db);
    return rows.length > 0;
  });
  asked.resolve();
  await holder;
  expect((await decided).map(({ state }) => state)).toEqual(['held']);
  expect(await usesLeft(id)).toBe(100);
});

test('a line that is permitted, blocked or a duplicate looks at no grant: it is decided while nobody may read them', async () => {
  await kit.db.transaction().execute(async (tx) => {
    await sql`LOCK TABLE standing_grants IN ACCESS EXCLUSIVE MODE`.execute(tx);
    const permitted = line('orders.hold');
    const decided = await propose([permitted, permitted, line('orders.spin')]);
    expect(decided.map(({ state }) => state)).toEqual(['queued', 'duplicate', 'blocked']);
  });
});

test('many decisions that hold several grants each take them in one order: none of them is a deadlock’s victim', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `order-${n}`);
  for (const name of shuffled(names)) await given(pinned(name));
  const holdings = names.map((round): Holding => {
    const shownArgs = { amount: 1, round };
    const scored = { connector: 'shop', tool: 'orders.refund', shownArgs, value: null } as unknown as ScoredLine;
    const people = { requester: 'operator|risk', onBehalfOf: null };
    return { tenant: 'acme', operator: 'risk', line: scored, ask: [], agreed: [], ...people };
  });
  const decide = async (): Promise<void> => {
    const some = shuffled(holdings).slice(0, 10);
    await kit.db.transaction().execute((tx) => takeGrants(tx, some));
  };
  for (let round = 0; round < 100; round += 1) await Promise.all([decide(), decide(), decide(), decide()]);
});

test('grants, limits, keys and lanes contended in every order never deadlock, and no use is lost', async () => {
  const before = await deadlocks();
  const people = ['ann', 'bob', 'cho', 'dee'].map((name) => `iss|${name}`);
  const ids = await Promise.all(
    people.flatMap((principal, index) =>
      ['reviewer', 'compliance'].flatMap((audience) =>
        [0, 1].map((half) =>
          given({
            tool: 'orders.cancel',
            principal,
            audience,
            uses: 25 + index,
            args: [{ path: 'n', min: half * 4, max: half * 4 + 5 }],
          }),
        ),
      ),
    ),
  );
  const entities = Array.from({ length: 8 }, (_, n) => `order:clash-${n}`);
  const decided: Decision[][] = [];
  for (let round = 0; round < 30; round += 1) {
    // Few lines of few entities: those who share no key and no limit must not wait for each other before the grants.
    const racing = services.map(() =>
      propose(
        shuffled(entities)
          .slice(0, 3)
          .map((entity_key) => {
            const key = Math.floor(Math.random() * 100);
            return line('orders.cancel', {
              entity_key,
              idempotency_key: `${entity_key}-${key}`,
              args: { n: key % 10 },
            });
          }),
      ),
    );
    decided.push(...(await Promise.all(racing)));
  }
  const lines = decided.flat();
  const queued = lines.filter(({ state }) => state === 'queued');
  expect(queued.length).toBeGreaterThan(50);
  expect(lines.some(({ state }) => state === 'blocked')).toBe(true);
  const { rows } = await sql<{ spent: number; uses: number; approvals: number }>`
    SELECT (SELECT sum(uses - uses_left)::int FROM standing_grants WHERE id = ANY (${ids}::uuid[])) AS spent,
      (SELECT count(*)::int FROM standing_grant_uses WHERE standing_grant = ANY (${ids}::uuid[])) AS uses,
      (SELECT count(*)::int FROM approvals WHERE status = 'granted' AND tool = 'orders.cancel') AS approvals`.execute(
    kit.db,
  );
  // Two people each: a reviewer and one of compliance.
  expect(rows[0]).toEqual({ spent: 2 * queued.length, uses: 2 * queued.length, approvals: queued.length });
  // A server process tells of its deadlocks when it idles for long, or ends.
  await Promise.all(services.map((service) => service.stop()));
  expect(await deadlocks()).toBe(before);
});
