import { sql, type Transaction } from 'kysely';
import type { Receipt } from '../domain/receipt.ts';
import { plannedOnce } from './planned-once.ts';
import type { Database } from './schema/index.ts';
import type { ReceiptRow } from './schema/receipts.ts';

/** What a step must say of itself; all else is null, and the time is the database's unless the step happened elsewhere. */
export type NewReceipt = Pick<Receipt, 'id' | 'tenant' | 'kind' | 'actor'> & Partial<Receipt>;

/**
 * The one writer of receipts outside the executor's own functions: in the transaction of the change, or there is no change.
 * One statement for a whole batch. The same receipt again (same time and id) is no second one.
 */
export async function writeReceipts(tx: Transaction<Database>, receipts: readonly NewReceipt[]): Promise<void> {
  if (receipts.length === 0) return;
  await sql`${plannedOnce}
    INSERT INTO receipts (id, at, tenant, kind, plan, action, event, operator, agent, on_behalf_of, actor, connector, tool,
      entity_key, idempotency_key, digest, decision, reasons, matched, policy_version, outcome, error, attempt, trace_id)
    SELECT id, coalesce(at, clock_timestamp()), tenant, kind, plan, action, event, operator, agent, on_behalf_of, actor, connector, tool,
      entity_key, idempotency_key, digest, decision, reasons, matched, policy_version, outcome, error, attempt, trace_id
    FROM jsonb_to_recordset(${JSON.stringify(receipts)}::jsonb) AS r (id uuid, at timestamptz, tenant text, kind text, plan uuid, action uuid,
      event text, operator text, agent text, on_behalf_of text, actor text, connector text, tool text, entity_key text,
      idempotency_key text, digest text, decision text, reasons jsonb, matched jsonb, policy_version text, outcome text,
      error text, attempt integer, trace_id text)
    ON CONFLICT DO NOTHING`.execute(tx);
}

/** A stored receipt as the outside sees it. */
export function toReceipt(row: ReceiptRow): Receipt {
  return { ...row, at: row.at.toISOString() };
}
