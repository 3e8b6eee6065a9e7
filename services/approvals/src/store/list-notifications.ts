import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Notification, NotificationState } from '@holdpoint/shared/domain/notification';
import { type Kysely, sql } from 'kysely';

export interface NotificationQuery {
  readonly tenant: string;
  readonly approval?: string | undefined;
  readonly state?: NotificationState | undefined;
  /** Only those older than this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first (ids are UUIDv7). No lock. One more than the limit, so that the caller knows of a next page. */
export async function listNotifications(db: Kysely<Database>, query: NotificationQuery): Promise<Notification[]> {
  const { tenant, approval, state, before, limit } = query;
  const { rows } = await sql<NotificationView>`
    SELECT ${columns} FROM notifications
    WHERE tenant = ${tenant}
      ${approval === undefined ? sql`` : sql`AND approval = ${approval}`}
      ${state === undefined ? sql`` : sql`AND state = ${state}`}
      ${before === undefined ? sql`` : sql`AND id < ${before}::uuid`}
    ORDER BY id DESC LIMIT ${limit + 1}`.execute(db);
  return rows.map(toNotification);
}

export const columns = sql`id, approval AS approval_id, channel, notice, state, attempts, due_at, error, created_at, ended_at`;

export interface NotificationView extends Omit<Notification, 'due_at' | 'created_at' | 'ended_at'> {
  readonly due_at: Date | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

export function toNotification(view: NotificationView): Notification {
  return {
    ...view,
    due_at: view.due_at?.toISOString() ?? null,
    created_at: view.created_at.toISOString(),
    ended_at: view.ended_at?.toISOString() ?? null,
  };
}
