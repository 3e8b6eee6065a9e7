import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Notification } from '@holdpoint/shared/domain/notification';
import { type Kysely, sql } from 'kysely';
import { columns, type NotificationView, toNotification } from './list-notifications.ts';

export type Retried =
  | { readonly kind: 'retried'; readonly notification: Notification }
  | { readonly kind: 'not_found' }
  /** It was sent, or is about to be. */
  | { readonly kind: 'refused'; readonly notification: Notification };

/** Lets one that failed or was passed over be sent once more, and its channel be used again. Locks the row. */
export async function retryNotification(db: Kysely<Database>, tenant: string, id: string): Promise<Retried> {
  return db.transaction().execute(async (tx) => {
    const { rows: found } = await sql<NotificationView>`
      SELECT ${columns} FROM notifications WHERE id = ${id} AND tenant = ${tenant} FOR UPDATE`.execute(tx);
    const [current] = found;
    if (current === undefined) return { kind: 'not_found' };
    if (current.state === 'sent' || current.state === 'due') {
      return { kind: 'refused', notification: toNotification(current) };
    }
    await sql`DELETE FROM disabled_channels WHERE tenant = ${tenant} AND channel = ${current.channel}`.execute(tx);
    const { rows } = await sql<NotificationView>`
      UPDATE notifications SET state = 'due', attempts = 0, due_at = clock_timestamp(), ended_at = NULL
      WHERE id = ${id} RETURNING ${columns}`.execute(tx);
    return { kind: 'retried', notification: toNotification(rows[0] ?? current) };
  });
}
