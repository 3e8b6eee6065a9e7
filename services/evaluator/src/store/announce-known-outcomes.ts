import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';

/** Tells again what is known to have become of a plan's actions. No lock: an outcome that is just coming tells itself. */
export async function announceKnownOutcomes(tx: Transaction<Database>, planRowId: string): Promise<void> {
  await sql`
    SELECT announce_outcomes(ARRAY(
      SELECT a.id FROM actions a LEFT JOIN actions o ON o.id = a.duplicate_of
      WHERE a.plan = ${planRowId}::uuid AND coalesce(o.state, a.state) NOT IN ('queued', 'running', 'held', 'rescore')))
  `.execute(tx);
}
