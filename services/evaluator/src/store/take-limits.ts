import { createLimitLedger, type LimitLedger, type LimitUsage } from '@holdpoint/policy/limits/limit-ledger';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { sql, type Transaction } from 'kysely';

/** What one line asks of its tenant's limits. */
export interface Asked {
  readonly tenant: string;
  readonly reservations: readonly Reservation[];
}

/** The limits that were asked for, held until the commit. */
export interface TakenLimits {
  ledgerOf(tenant: string): LimitLedger;
  idOf(tenant: string, key: string): number;
}

/** A tenant holds no space, so no two pairs share one. */
const limitName = (tenant: string, key: string): string => `${tenant} ${key}`;

/** So many rows of what was applied are read with ease; where there are more, they want folding. */
export const FOLD_ABOVE_ROWS = 256;

/**
 * Holds every limit that is asked for, and reads what is used of it. Takes the limits' row locks, sorted, in one statement and
 * reads in the next: of two callers the second sees what the first reserved. After idempotency keys and actions, before lanes.
 */
export async function takeLimits(tx: Transaction<Database>, asked: readonly Asked[]): Promise<TakenLimits> {
  const wanted = wantedLimits(asked);
  const held = wanted.length === 0 ? [] : await lockLimits(tx, wanted);
  const used = held.length === 0 ? [] : await readUsages(tx, held);
  const crowded = used.filter(({ unfolded }) => unfolded > FOLD_ABOVE_ROWS).map(({ limit_id }) => limit_id);
  if (crowded.length > 0) await markCrowded(tx, crowded);
  const usageOf = new Map(used.map((row) => [row.limit_id, { count: row.used, total: row.total }]));
  const byTenant = new Map<string, Map<string, LimitUsage>>();
  for (const { id, tenant, key } of held) {
    const usages = byTenant.get(tenant) ?? new Map<string, LimitUsage>();
    byTenant.set(tenant, usages.set(key, known(usageOf.get(id))));
  }
  const ledgers = new Map([...byTenant].map(([tenant, usages]) => [tenant, createLimitLedger(usages)]));
  const ids = new Map(held.map(({ id, tenant, key }) => [limitName(tenant, key), id]));
  const nothing = createLimitLedger(new Map());
  return {
    // A tenant that asked for no limit reserves none.
    ledgerOf: (tenant) => ledgers.get(tenant) ?? nothing,
    idOf: (tenant, key) => known(ids.get(limitName(tenant, key))),
  };
}

interface Wanted {
  readonly tenant: string;
  readonly key: string;
  readonly per_seconds: number;
}

function wantedLimits(asked: readonly Asked[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { tenant, reservations } of asked) {
    for (const { key, per_seconds } of reservations) wanted.set(limitName(tenant, key), { tenant, key, per_seconds });
  }
  return [...wanted.values()];
}

interface Held extends Wanted {
  readonly id: number;
}

async function lockLimits(tx: Transaction<Database>, wanted: readonly Wanted[]): Promise<Held[]> {
  const { rows } = await sql<Held>`
    INSERT INTO policy_limits AS l (tenant, key, per_seconds, keep_seconds)
    SELECT tenant, key, per_seconds, per_seconds
    FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS w (tenant text, key text, per_seconds bigint)
    ORDER BY key COLLATE "C", tenant COLLATE "C"
    ON CONFLICT (tenant, key) DO UPDATE
      SET per_seconds = excluded.per_seconds, keep_seconds = greatest(l.keep_seconds, excluded.keep_seconds)
    RETURNING l.id, l.tenant, l.key, l.per_seconds`.execute(tx);
  return rows;
}

/** A new statement: it sees what was committed before the locks were given. */
async function readUsages(tx: Transaction<Database>, held: readonly Held[]) {
  const limits = held.map(({ id, per_seconds }) => ({ id, per_seconds }));
  const { rows } = await sql<{ limit_id: number; used: number; total: string; unfolded: number }>`
    SELECT limit_id, used, total::text AS total, unfolded FROM limit_usages(${JSON.stringify(limits)}::jsonb)`.execute(
    tx,
  );
  return rows;
}

async function markCrowded(tx: Transaction<Database>, limits: readonly number[]): Promise<void> {
  await sql`UPDATE policy_limits SET crowded = true WHERE id = ANY (${limits}::bigint[]) AND NOT crowded`.execute(tx);
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a limit was asked for that is not held');
  return value;
}
