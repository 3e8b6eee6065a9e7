import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { UnknownOutcome } from '../core/unknown-outcomes.ts';

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
