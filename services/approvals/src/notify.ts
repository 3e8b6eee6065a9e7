import { readApprovals } from '@holdpoint/shared/db/approval-views';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Context } from './context.ts';
import { noticesOf, wants } from './core/notices.ts';
import { addNotifications } from './store/add-notifications.ts';

/**
 * Adds what the people of these approvals are to be told by what their rows say now. Doing so again adds nothing, so whoever
 * thinks that something may have been forgotten calls it. Returns how many are new.
 */
export async function notifyOf(context: Context, approvalIds: readonly string[]): Promise<number> {
  if (approvalIds.length === 0) return 0;
  const approvals = (await readApprovals(context.db, approvalIds)).map(({ approval }) => approval);
  return addNotifications(
    context.db,
    approvals.flatMap((approval) => notificationsOf(context, approval)),
    approvals.filter(({ status }) => status !== 'pending').map(({ id }) => id),
  );
}

function notificationsOf({ directory, newId }: Context, approval: Approval) {
  const { id, tenant } = approval;
  return directory.of(tenant).flatMap((channel) =>
    noticesOf(approval)
      .filter((notice) => wants(channel, approval, notice))
      .map((notice) => ({ id: newId(), tenant, approval: id, channel: channel.id, notice })),
  );
}
