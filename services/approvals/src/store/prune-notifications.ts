import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/**
 * Deletes one page of what ended long ago. What is still pending keeps its rows, or its people would be told anew; so does what is
 * due. Passes over what somebody holds. Returns how many.
 */
export async function pruneNotifications(db: Kysely<Database>, keepDays: number, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM notifications WHERE id IN (
      SELECT n.id FROM notifications n JOIN approvals a ON a.id = n.approval
      WHERE n.ended_at < now() - ${keepDays} * interval '1 day' AND a.status <> 'pending'
      ORDER BY n.ended_at LIMIT ${limit} FOR UPDATE OF n SKIP LOCKED)`.execute(db);
  return Number(numAffectedRows);
}
