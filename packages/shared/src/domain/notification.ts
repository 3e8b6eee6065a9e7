import { z } from 'zod';
import type { ApprovalStatus } from './approval.ts';

export const NOTIFICATION_STATES = ['due', 'sent', 'failed', 'skipped'] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/** What somebody is told about an approval; each at most once a channel. */
export type Notice = 'requested' | `reminded:${number}` | 'escalated' | Exclude<ApprovalStatus, 'pending'>;

/** One notice to one channel, and how that went. */
export const notificationSchema = z.object({
  id: z.string(),
  approval_id: z.string(),
  channel: z.string(),
  notice: z.string(),
  state: z.enum(NOTIFICATION_STATES),
  attempts: z.number(),
  /** When it is sent next; null once it has ended. */
  due_at: z.string().nullable(),
  /** Why the last attempt failed, or why it was not sent. */
  error: z.string().nullable(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
});
export type Notification = z.infer<typeof notificationSchema>;
