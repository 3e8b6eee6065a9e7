import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';

/**
 * Waits for every key, sorted, until the end of the transaction: between here and the commit no other evaluator decides on
 * one of them. The partial unique index on `actions` enforces; this makes the outcome known before anything is written.
 */
export async function lockKeys(tx: Transaction<Database>, keys: Iterable<string>): Promise<void> {
  const sorted = [...new Set(keys)].sort();
  if (sorted.length === 0) return;
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(${sorted}::text[]) AS k (key)`.execute(
    tx,
  );
}
