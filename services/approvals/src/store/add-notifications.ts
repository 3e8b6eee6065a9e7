import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Notice } from '@holdpoint/shared/domain/notification';
import { type Kysely, sql } from 'kysely';

export interface NewNotification {
  readonly id: string;
  readonly tenant: string;
  readonly approval: string;
  readonly channel: string;
  readonly notice: Notice;
}

/**
 * One row a notice and channel. No lock; of callers that race one adds it and the others find it there. What ended is told soon:
 * earlier notices that wait for another attempt are due at once, to be passed over. Returns how many were new.
 */
export async function addNotifications(
  db: Kysely<Database>,
  rows: readonly NewNotification[],
  ended: readonly string[],
): Promise<number> {
  if (rows.length === 0) return 0;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows = 0n } = await sql`
      INSERT INTO notifications (id, tenant, approval, channel, notice)
      SELECT id, tenant, approval, channel, notice
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS r (id uuid, tenant text, approval uuid, channel text, notice text)
      ORDER BY approval, channel, notice
      ON CONFLICT (approval, channel, notice) DO NOTHING`.execute(tx);
    if (numAffectedRows > 0n && ended.length > 0) {
      await sql`
        UPDATE notifications SET due_at = clock_timestamp()
        WHERE id IN (
          SELECT id FROM notifications
          WHERE approval = ANY (${ended}::uuid[]) AND state = 'due' AND lease IS NULL AND due_at > clock_timestamp()
          ORDER BY id FOR UPDATE SKIP LOCKED)`.execute(tx);
    }
    return Number(numAffectedRows);
  });
}
