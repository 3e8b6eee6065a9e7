import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Notice } from '@holdpoint/shared/domain/notification';
import type { Channel, NoticeKind } from '@holdpoint/shared/workspace/notifications';

/** What a pending approval's people are to be told by now, or how it ended. Telling is idempotent, so this forgets nothing. */
export function noticesOf({ status, reminders, escalated_at, standing_grant_id }: Approval): Notice[] {
  // Nobody was asked, and who granted in advance wanted not to be: every use would be a message.
  if (standing_grant_id !== undefined) return [];
  if (status !== 'pending') return [status];
  return [
    'requested',
    ...(reminders > 0 ? ([`reminded:${reminders}`] as const) : []),
    ...(escalated_at === null ? [] : (['escalated'] as const)),
  ];
}

export function kindOf(notice: Notice): NoticeKind {
  switch (notice) {
    case 'requested':
    case 'escalated':
      return notice;
    case 'granted':
    case 'denied':
    case 'expired':
    case 'cancelled':
      return 'resolved';
    default:
      return 'reminded';
  }
}

/** Whether it tells how an approval ended, rather than asking for a decision. */
export function isEnding(notice: Notice): boolean {
  return kindOf(notice) === 'resolved';
}

/**
 * Whether a channel is told this. One for some audiences hears what is asked of them. Those that an approval was opened to later
 * hear that it was, and from then on.
 */
export function wants(channel: Channel, approval: Approval, notice: Notice): boolean {
  if (!channel.on.includes(kindOf(notice))) return false;
  const { audiences } = channel;
  if (audiences === undefined) return true;
  const { requirements } = approval;
  if (requirements.some(({ audience }) => audiences.includes(audience))) return true;
  const opened = requirements.some(({ also = [] }) => also.some((audience) => audiences.includes(audience)));
  return opened && notice !== 'requested' && (kindOf(notice) !== 'reminded' || isSinceOpened(approval));
}

/** Whether the last reminder, whose time follows from its number, came after the approval was opened. */
function isSinceOpened({ created_at, escalated_at, remind_every_seconds, reminders }: Approval): boolean {
  if (escalated_at === null || remind_every_seconds === null) return false;
  return Date.parse(created_at) + reminders * remind_every_seconds * 1000 > Date.parse(escalated_at);
}
