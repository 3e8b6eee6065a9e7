import { readApprovals } from '@holdpoint/shared/db/approval-views';
import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import { cancelledFact, cancelledReceipt } from '../core/superseded-review.ts';

/** Locks the open approvals of these actions, in order of id. Returns approval by action: there is at most one open. */
export async function lockOpenReviews(
  tx: Transaction<Database>,
  actions: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; action: string }>`
    SELECT id, action FROM approvals WHERE action = ANY (${actions}::uuid[]) AND status = 'pending'
    ORDER BY id FOR UPDATE`.execute(tx);
  return new Map(rows.map(({ id, action }) => [action, id]));
}

/** Ends approvals that this transaction has locked and found pending: `cancelled`, each with its receipt and fact. */
export async function cancelReviews(
  tx: Transaction<Database>,
  ids: readonly string[],
  newId: () => string,
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    UPDATE approvals SET status = 'cancelled', decided_at = clock_timestamp()
    WHERE id = ANY (${ids}::uuid[]) AND status = 'pending'`.execute(tx);
  const cancelled = (await readApprovals(tx, ids)).map(({ approval }) => ({ id: newId(), approval }));
  await writeReceipts(tx, cancelled.map(cancelledReceipt));
  await writeOutbox(tx, cancelled.map(cancelledFact));
}
