import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';

/** Deliveries of a source that ended alike, and the last of them. */
export interface SourceResult {
  readonly tenant: string;
  readonly source: string;
  readonly result: string;
  readonly count: number;
  /** RFC 3339. */
  readonly last_at: string;
  readonly event: string | null;
  readonly reason: string | null;
  readonly help: string | null;
}

/**
 * Adds to the counts; the later delivery stays the last, whoever writes later. Locks the rows in the order of their key, so
 * that instances that add at once wait for each other and none is lost.
 */
export async function addSourceResults(tx: Transaction<Database>, results: readonly SourceResult[]): Promise<void> {
  if (results.length === 0) return;
  await sql`
    INSERT INTO source_results AS known (tenant, source, result, count, last_at, event, reason, help)
    SELECT tenant, source, result, count, last_at, event, reason, help
    FROM jsonb_to_recordset(${JSON.stringify(results)}::jsonb) AS added
      (tenant text, source text, result text, count bigint, last_at timestamptz, event text, reason text, help text)
    ORDER BY source, tenant, result
    ON CONFLICT (source, tenant, result) DO UPDATE SET
      count = known.count + excluded.count,
      last_at = greatest(known.last_at, excluded.last_at),
      event = CASE WHEN excluded.last_at >= known.last_at THEN excluded.event ELSE known.event END,
      reason = CASE WHEN excluded.last_at >= known.last_at THEN excluded.reason ELSE known.reason END,
      help = CASE WHEN excluded.last_at >= known.last_at THEN excluded.help ELSE known.help END`.execute(tx);
}
