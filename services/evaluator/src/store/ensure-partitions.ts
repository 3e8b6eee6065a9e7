import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Makes the receipts' partitions of the coming months. Takes an advisory lock: of two callers one makes them. */
export async function ensureReceiptPartitions(db: Kysely<Database>): Promise<void> {
  await sql`SELECT ensure_receipt_partitions()`.execute(db);
}
