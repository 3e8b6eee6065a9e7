import type { Database } from '@holdpoint/shared/db/schema/index';
import type { PolicyChange } from '@holdpoint/shared/domain/policy-change';
import { type Kysely, sql } from 'kysely';

export interface PolicyChangeRow {
  readonly id: string;
  readonly at: Date;
  readonly policy_version: string;
  readonly reasons: readonly PolicyChange[];
}

export interface PolicyChangesQuery {
  readonly tenant: string;
  /** Only those before this one; of one that is not there, none. */
  readonly before: string | undefined;
  readonly limit: number;
}

/** Newest first. No lock. Asks for one more than the limit, so that the caller knows of a next page. */
export async function listPolicyChanges(
  db: Kysely<Database>,
  { tenant, before, limit }: PolicyChangesQuery,
): Promise<PolicyChangeRow[]> {
  const older = before
    ? sql`AND (at, id) < (SELECT at, id FROM receipts
        WHERE kind = 'policy_change' AND tenant = ${tenant} AND id = ${before}::uuid)`
    : sql``;
  const { rows } = await sql<PolicyChangeRow>`
    SELECT id, at, policy_version, reasons FROM receipts
    WHERE kind = 'policy_change' AND tenant = ${tenant} ${older}
    ORDER BY at DESC, id DESC LIMIT ${limit + 1}::int`.execute(db);
  return rows;
}
