import type { Database } from '@holdpoint/shared/db/schema/index';
import { TERMINAL_STATES } from '@holdpoint/shared/domain/lifecycle';
import { type Kysely, sql, type Transaction } from 'kysely';

/** Where a walk over the plans that are not erased goes on. The time as text, for a Date would lose microseconds. */
export interface ErasePlace {
  readonly createdAt: string;
  readonly id: string;
}

export interface Erased {
  readonly plans: number;
  readonly actions: number;
  /** undefined: nothing older is left beyond. */
  readonly next: ErasePlace | undefined;
}

/**
 * Erases what replay needs of one batch of plans older than `keepDays`, where no action is under way and no question is open:
 * the data of the event, arguments, lines as proposed, what was known of entities, results, and the arguments that people were
 * shown. Rows, keys, digests, decisions and receipts stay. Locks plans, skipping those that another instance erases; then approvals, then actions, each
 * in order of id. An action that has ended never comes to life again, so what is found quiet stays so.
 */
export async function eraseRecords(
  db: Kysely<Database>,
  { keepDays, plansMax, after }: { keepDays: number; plansMax: number; after: ErasePlace | undefined },
): Promise<Erased> {
  return db.transaction().execute(async (tx) => {
    const old = await lockOldPlans(tx, keepDays, plansMax, after);
    const last = old.at(-1);
    const next = last && old.length === plansMax ? { createdAt: last.created_at, id: last.id } : undefined;
    const plans = await quietOf(
      tx,
      old.map(({ id }) => id),
    );
    if (plans.length === 0) return { plans: 0, actions: 0, next };
    return { plans: plans.length, actions: await erase(tx, plans), next };
  });
}

async function lockOldPlans(
  tx: Transaction<Database>,
  keepDays: number,
  plansMax: number,
  after: ErasePlace | undefined,
): Promise<{ id: string; created_at: string }[]> {
  const from = after ? sql`(created_at, id) > (${after.createdAt}::timestamptz, ${after.id}::uuid)` : sql`true`;
  const { rows } = await sql<{ id: string; created_at: string }>`
    SELECT id, created_at::text FROM plans
    WHERE erased_at IS NULL AND created_at < now() - ${keepDays} * interval '1 day' AND ${from}
    ORDER BY created_at, id LIMIT ${plansMax} FOR NO KEY UPDATE SKIP LOCKED`.execute(tx);
  return rows;
}

async function quietOf(tx: Transaction<Database>, plans: readonly string[]): Promise<string[]> {
  if (plans.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    SELECT p.id FROM unnest(${plans}::uuid[]) AS p (id)
    WHERE NOT EXISTS (
      SELECT 1 FROM actions a WHERE a.plan = p.id AND (a.state <> ALL (${TERMINAL_STATES}::text[]) OR EXISTS (
        SELECT 1 FROM approvals q WHERE q.action = a.id AND q.status = 'pending')))`.execute(tx);
  return rows.map(({ id }) => id);
}

async function erase(tx: Transaction<Database>, plans: readonly string[]): Promise<number> {
  await sql`
    WITH locked AS MATERIALIZED (
      SELECT q.id FROM approvals q
      WHERE q.action = ANY (ARRAY(SELECT a.id FROM actions a WHERE a.plan = ANY (${plans}::uuid[]))) ORDER BY q.id FOR UPDATE
    )
    UPDATE approvals q SET args = '{}', erased_at = clock_timestamp() FROM locked WHERE q.id = locked.id`.execute(tx);
  const { rows } = await sql<{ id: string }>`
    WITH locked AS MATERIALIZED (
      SELECT a.id FROM actions a WHERE a.plan = ANY (${plans}::uuid[]) ORDER BY a.id FOR UPDATE
    )
    UPDATE actions a SET args = '{}', proposed = NULL, entity = NULL, result = NULL, erased_at = clock_timestamp()
    FROM locked WHERE a.id = locked.id RETURNING a.id`.execute(tx);
  await sql`
    UPDATE plans SET env = (env - 'subject' - 'annotations') || '{"data": null}', erased_at = clock_timestamp()
    WHERE id = ANY (${plans}::uuid[])`.execute(tx);
  return rows.length;
}
