import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ReceiptRow } from '@holdpoint/shared/db/schema/receipts';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';
import { type Kysely, type RawBuilder, sql } from 'kysely';

export interface ReceiptsQuery {
  /** Undefined: of any tenant. */
  readonly tenant: string | undefined;
  readonly actionId?: string | undefined;
  /** The plan's server id. */
  readonly plan?: string | undefined;
  /** The plan's id as its operator named it. */
  readonly planId?: string | undefined;
  readonly entityKey?: string | undefined;
  readonly kind?: ReceiptKind | undefined;
  readonly since?: string | undefined;
  /** Only those before this one; its time as text, for a Date would lose microseconds. */
  readonly before?: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

export type ListedReceipt = ReceiptRow & { readonly at_text: string };

/** Newest first. No lock. Asks for one more than the limit, so that the caller knows of a next page. */
export async function listReceipts(db: Kysely<Database>, query: ReceiptsQuery): Promise<ListedReceipt[]> {
  const conditions: RawBuilder<unknown>[] = [sql`true`];
  if (query.tenant !== undefined) conditions.push(sql`r.tenant = ${query.tenant}`);
  if (query.actionId) conditions.push(sql`r.action = ${query.actionId}::uuid`);
  if (query.plan) conditions.push(sql`r.plan = ${query.plan}::uuid`);
  if (query.planId) conditions.push(sql`r.plan IN (SELECT p.id FROM plans p WHERE p.plan_id = ${query.planId})`);
  if (query.entityKey) conditions.push(sql`r.entity_key = ${query.entityKey}`);
  if (query.kind) conditions.push(sql`r.kind = ${query.kind}`);
  if (query.since) conditions.push(sql`r.at >= ${query.since}::timestamptz`);
  if (query.before) {
    conditions.push(sql`(r.at, r.id) < (${query.before.at}::timestamptz, ${query.before.id}::uuid)`);
  }
  const { rows } = await sql<ListedReceipt>`
    SELECT r.*, r.at::text AS at_text FROM receipts r WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY r.at DESC, r.id DESC LIMIT ${query.limit + 1}::int`.execute(db);
  return rows;
}
