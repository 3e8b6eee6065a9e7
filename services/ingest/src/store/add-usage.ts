import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';

/** Bytes that a tenant put into the stream of events within one hour. */
export interface Usage {
  readonly tenant: string;
  /** Its beginning, RFC 3339. */
  readonly hour: string;
  readonly bytes: number;
}

/** Adds to what is there. Locks the rows in the order of their key, so that instances that add at once wait and none is lost. */
export async function addUsage(tx: Transaction<Database>, usage: readonly Usage[]): Promise<void> {
  if (usage.length === 0) return;
  await sql`
    INSERT INTO tenant_usage AS known (hour, tenant, bytes)
    SELECT hour, tenant, bytes
    FROM jsonb_to_recordset(${JSON.stringify(usage)}::jsonb) AS added (hour timestamptz, tenant text, bytes bigint)
    ORDER BY hour, tenant
    ON CONFLICT (hour, tenant) DO UPDATE SET bytes = known.bytes + excluded.bytes`.execute(tx);
}
