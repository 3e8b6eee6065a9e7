import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** An action of which nobody knows whether it happened, as people see it in a list: without its arguments. */
export interface UnknownOutcome {
  readonly id: string;
  readonly connector: string;
  readonly tool: string;
  readonly entity_key: string | null;
  readonly value: number | null;
  readonly operator: string;
  readonly error: string | null;
  readonly attempts: number;
  /** When the last attempt began. */
  readonly started_at: Date | null;
  /** Since when it is indeterminate. */
  readonly updated_at: Date;
  /** Its entity's next actions wait for it. */
  readonly blocks: boolean;
}

/** Newest first (ids are UUIDv7). No lock. Asks for one more than the limit, so that the caller knows of more. */
export async function listUnknownOutcomes(
  db: Kysely<Database>,
  { tenant, limit }: { readonly tenant: string; readonly limit: number },
): Promise<UnknownOutcome[]> {
  const { rows } = await sql<UnknownOutcome>`
    SELECT id, connector, tool, entity_key, value, operator, error, attempts, started_at, updated_at,
      lane_seq IS NOT NULL AS blocks
    FROM actions WHERE state = 'indeterminate' AND tenant = ${tenant}
    ORDER BY id DESC LIMIT ${limit + 1}::int`.execute(db);
  return rows;
}
