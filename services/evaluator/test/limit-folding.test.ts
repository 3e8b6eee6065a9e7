import { randomUUID } from 'node:crypto';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { createDatabase, createPool } from '@holdpoint/shared/runtime/postgres';
import { type TestServers, testServers } from '@holdpoint/stack/testing/test-servers';
import fc from 'fast-check';
import { type Kysely, sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listLimits } from '../src/store/list-limits.ts';
import { insertReservations } from '../src/store/reservations.ts';
import { FOLD_ABOVE_ROWS, takeLimits } from '../src/store/take-limits.ts';
import { findCrowdedLimits, findLimits, tendLimits } from '../src/store/tend-limits.ts';

let servers: TestServers;
let db: Kysely<Database>;

beforeAll(async () => {
  servers = await testServers({ redis: false, nats: false });
  db = createDatabase<Database>(createPool({ url: servers.databaseUrl, applicationName: 'test', max: 4 }));
});
afterAll(async () => {
  await db.destroy();
  await servers.stop();
});

const DAY_SECONDS = 86_400;

function reservation(more: Partial<Reservation> = {}): Reservation {
  const of = { policy: 'p', by: 'tenant' as const, who: '', amount: 1, per_seconds: DAY_SECONDS };
  return { ...of, key: `key-${randomUUID()}`, ...more };
}

/** Writes a limit and what was applied under it, in seconds ago. */
async function seed(tx: Kysely<Database>, asked: Reservation, agesSeconds: readonly number[]): Promise<number> {
  const { id } = await tx
    .insertInto('policy_limits')
    .values({ tenant: 'acme', key: asked.key, per_seconds: asked.per_seconds, keep_seconds: asked.per_seconds })
    .returning('id')
    .executeTakeFirstOrThrow();
  await sql`
    INSERT INTO limit_reservations (action, limit_id, amount, counted_at)
    SELECT gen_random_uuid(), ${id}, 0.1, clock_timestamp() - age * interval '1 second'
    FROM unnest(${agesSeconds}::float8[]) AS age`.execute(tx);
  return id;
}

const spread = (count: number, seconds: number) => Array.from({ length: count }, (_, n) => (n / count) * seconds);
const countRows = async (table: 'limit_reservations' | 'limit_buckets', limit: number) =>
  (await db.selectFrom(table).select('limit_id').where('limit_id', '=', limit).execute()).length;

async function usageOf(tx: Kysely<Database>, id: number, per_seconds = DAY_SECONDS) {
  const { rows } = await sql<{ used: number; total: string; unfolded: number }>`
    SELECT used, total::text AS total, unfolded FROM limit_usages(${JSON.stringify([{ id, per_seconds }])}::jsonb)`.execute(
    tx,
  );
  return rows[0];
}

/** How many rows of the limits' tables a step reads, and whether it read any of them through. */
async function rowsReadBy(run: (tx: Transaction<Database>) => Promise<unknown>) {
  return db.transaction().execute(async (tx) => {
    const read = async () => {
      const { rows } = await sql<{ byIndex: number; through: number }>`
        SELECT coalesce(sum(idx_tup_fetch), 0)::int AS "byIndex", coalesce(sum(seq_tup_read), 0)::int AS through
        FROM pg_stat_xact_user_tables
        WHERE relname IN ('policy_limits', 'limit_reservations', 'limit_buckets')`.execute(tx);
      return rows[0] ?? { byIndex: 0, through: 0 };
    };
    const before = await read();
    await run(tx);
    const after = await read();
    return { byIndex: after.byIndex - before.byIndex, through: after.through - before.through };
  });
}

test('after a day of a hundred thousand actions under one limit, a decision reads a few dozen rows', async () => {
  const asked = reservation({ total: 1_000_000 });
  const id = await seed(db, asked, spread(100_000, DAY_SECONDS - 3_600));
  const decide = async (tx: Transaction<Database>) => {
    const limits = await takeLimits(tx, [{ tenant: 'acme', reservations: [asked] }]);
    expect(limits.ledgerOf('acme').reserve([asked])).toEqual([]);
    await insertReservations(tx, limits, [{ actionId: randomUUID(), tenant: 'acme', reservations: [asked] }]);
  };
  // The first that reads so much asks for folding …
  await db.transaction().execute(decide);
  let crowded = await findCrowdedLimits(db, 20);
  expect(crowded).toEqual([id]);
  // … which takes a bounded bite at a time, and then is asked for no more.
  let bites = 0;
  for (; crowded.length > 0; bites += 1) crowded = await tendLimits(db, crowded);
  expect(bites).toBe(21);
  expect(await findCrowdedLimits(db, 20)).toEqual([]);
  expect(await usageOf(db, id)).toEqual({ used: 100_001, total: '10001.0', unfolded: 0 });
  expect(await countRows('limit_reservations', id)).toBe(1);

  const read = await rowsReadBy(decide);
  expect(read.through).toBe(0);
  expect(read.byIndex).toBeLessThan(80);
});

test('a decision over many other limits reads none of them', async () => {
  await sql`
    INSERT INTO policy_limits (tenant, key, per_seconds, keep_seconds)
    SELECT 'acme', 'other-' || n, 60, 60 FROM generate_series(1, 20000) n`.execute(db);
  await sql`
    INSERT INTO limit_reservations (action, limit_id, amount)
    SELECT gen_random_uuid(), id, 1 FROM policy_limits WHERE key LIKE 'other-%'`.execute(db);
  const asked = [reservation({ key: 'other-77' }), reservation({ key: 'other-19999' }), reservation()];
  const read = await rowsReadBy((tx) => takeLimits(tx, [{ tenant: 'acme', reservations: asked }]));
  expect(read.through).toBe(0);
  expect(read.byIndex).toBeLessThan(20);
});

test('a page of the list reads a page of the tenant’s limits, wherever it stands', async () => {
  await sql`
    INSERT INTO policy_limits (tenant, key, per_seconds, keep_seconds)
    SELECT tenant, 'listed-' || n, 60, 60 FROM generate_series(1, 10000) n, unnest(ARRAY['acme', 'zeta']) AS tenant`.execute(
    db,
  );
  for (const after of ['', 'listed-5', 'listed-9998']) {
    const read = await rowsReadBy(async (tx) => {
      const page = await listLimits(tx, { tenant: 'zeta', after, limit: 20 }, () => undefined);
      expect(page.length).toBe(after === 'listed-9998' ? 1 : 20);
    });
    expect(read.through).toBe(0);
    expect(read.byIndex).toBeLessThan(30);
  }
});

test('folded or not, the same is used; a bucket frees nothing early and nothing later than a sixtieth of the window', async () => {
  // Within three buckets, which are leaving the window when it is looked.
  const ages = fc.array(fc.integer({ min: 0, max: 4_320 }), { minLength: 1, maxLength: 40 });
  const bites = fc.integer({ min: 1, max: 40 });
  const later = fc.integer({ min: DAY_SECONDS - 4_320, max: DAY_SECONDS + 1_440 });
  await fc.assert(
    fc.asyncProperty(ages, bites, later, async (agesSeconds, rowsMax, laterSeconds) => {
      const undone = new Error('undone');
      await db
        .transaction()
        .execute(async (tx) => {
          const [exact, folded] = [
            await seed(tx, reservation(), agesSeconds),
            await seed(tx, reservation(), agesSeconds),
          ];
          let more = [folded];
          while (more.length > 0) more = await fold(tx, more, rowsMax);
          await pass(tx, [exact, folded], laterSeconds);
          const lenient = await usageOf(tx, exact, DAY_SECONDS);
          const kept = await usageOf(tx, folded, DAY_SECONDS);
          const strict = await usageOf(tx, exact, DAY_SECONDS + DAY_SECONDS / 60 + 1);
          expect(kept?.unfolded).toBe(0);
          expect(kept?.used).toBeGreaterThanOrEqual(lenient?.used ?? 0);
          expect(kept?.used).toBeLessThanOrEqual(strict?.used ?? 0);
          expect(Number(kept?.total)).toBeCloseTo((kept?.used ?? 0) / 10);
          throw undone;
        })
        .catch((error: unknown) => {
          if (error !== undone) throw error;
        });
    }),
    { numRuns: 60 },
  );
});

async function fold(tx: Kysely<Database>, limits: readonly number[], rowsMax: number): Promise<number[]> {
  const { rows } = await sql<{ more: number[] }>`
    SELECT tend_limits(${limits}::bigint[], ${rowsMax}::int, -1)::float8[] AS more`.execute(tx);
  return rows[0]?.more ?? [];
}

/** Time passes: what was applied is so much older. */
async function pass(tx: Kysely<Database>, limits: readonly number[], seconds: number): Promise<void> {
  const by = sql`${seconds}::float8 * interval '1 second'`;
  const mine = sql`limit_id = ANY (${limits}::bigint[])`;
  await sql`UPDATE limit_reservations SET counted_at = counted_at - ${by} WHERE ${mine}`.execute(tx);
  await sql`UPDATE limit_buckets SET last_at = last_at - ${by} WHERE ${mine}`.execute(tx);
}

test('few are kept one by one, to the second; what has left the window is dropped, and at last the limit itself', async () => {
  const few = await seed(db, reservation(), [1, 10, DAY_SECONDS - 60, DAY_SECONDS + 1, 2 * DAY_SECONDS]);
  const over = await seed(db, reservation(), [DAY_SECONDS + 1]);
  const many = await seed(db, reservation(), spread(FOLD_ABOVE_ROWS + 1, 2 * DAY_SECONDS));
  expect(await tendLimits(db, [few, over, many])).toEqual([]);
  expect([await countRows('limit_reservations', few), await countRows('limit_buckets', few)]).toEqual([3, 0]);
  expect(await findLimits(db, over - 1, 1)).not.toEqual([over]);
  expect(await countRows('limit_reservations', many)).toBe(0);
  expect(await countRows('limit_buckets', many)).toBeLessThanOrEqual(61);
  expect((await usageOf(db, many))?.used).toBe(129);
});

test('what is open is never folded nor dropped, however old', async () => {
  const open = await seed(db, reservation({ per_seconds: 1 }), [100]);
  await sql`UPDATE limit_reservations SET counted_at = NULL WHERE limit_id = ${open}`.execute(db);
  await fold(db, [open], 100);
  expect(await usageOf(db, open, 1)).toMatchObject({ used: 1 });
});

test('a window that was longer once keeps what counted then', async () => {
  const asked = reservation();
  const id = await seed(db, asked, [7_200]);
  const shorter = { ...asked, per_seconds: 3_600 };
  await db.transaction().execute((tx) => takeLimits(tx, [{ tenant: 'acme', reservations: [shorter] }]));
  await tendLimits(db, [id]);
  expect(await usageOf(db, id, 3_600)).toMatchObject({ used: 0 });
  expect(await usageOf(db, id)).toMatchObject({ used: 1 });
});

test('a limit that is about to be reserved from is not dropped under the hand, and whoever tends does not wait for it', async () => {
  const asked = reservation();
  const id = await seed(db, asked, []);
  await sql`UPDATE policy_limits SET crowded = true WHERE id = ${id}`.execute(db);
  await db.transaction().execute(async (tx) => {
    const limits = await takeLimits(tx, [{ tenant: 'acme', reservations: [asked] }]);
    expect(await tendLimits(db, [id])).toEqual([]);
    await insertReservations(tx, limits, [{ actionId: randomUUID(), tenant: 'acme', reservations: [asked] }]);
  });
  expect(await usageOf(db, id)).toMatchObject({ used: 1 });
});

test('of two that tend one does, and a decision waits for neither', async () => {
  const asked = reservation();
  const id = await seed(db, asked, spread(300, 3_600));
  await db.transaction().execute(async (tx) => {
    expect(await tendLimits(tx, [id])).toEqual([]);
    expect(await tendLimits(db, [id])).toEqual([]);
    await db.transaction().execute(async (other) => {
      const limits = await takeLimits(other, [{ tenant: 'acme', reservations: [asked] }]);
      expect(limits.ledgerOf('acme').reserve([{ ...asked, count: 301 }])).toEqual([]);
      expect(limits.ledgerOf('acme').reserve([{ ...asked, count: 301 }])).toHaveLength(1);
    });
  });
  expect(await usageOf(db, id)).toMatchObject({ used: 300, unfolded: 0 });
});
