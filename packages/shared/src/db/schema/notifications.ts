import type { ColumnType, Generated, Selectable } from 'kysely';
import type { Notice, NotificationState } from '../../domain/notification.ts';

export interface NotificationTable {
  id: string;
  tenant: string;
  approval: string;
  channel: string;
  notice: Notice;
  state: Generated<NotificationState>;
  attempts: Generated<number>;
  due_at: Generated<Date | null>;
  lease: string | null;
  receipt: ColumnType<unknown, string | null, string | null>;
  error: string | null;
  created_at: Generated<Date>;
  ended_at: Date | null;
}
export type NotificationRow = Selectable<NotificationTable>;

export interface DisabledChannelTable {
  tenant: string;
  channel: string;
  target: string;
  disabled_at: Generated<Date>;
}
