import { type NewReceipt, writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Kysely } from 'kysely';

/** Keeps what was received. No lock; a receipt that is there already stays as it is. */
export async function insertReceipts(db: Kysely<Database>, receipts: readonly NewReceipt[]): Promise<void> {
  await db.transaction().execute((tx) => writeReceipts(tx, receipts));
}
