import type { Approval } from '@holdpoint/shared/domain/approval';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Page } from '../api/api.ts';
import { approvalKey, approvalsKey } from './keys.ts';

/** What was heard or answered of an approval, shown wherever it is shown. */
export function showApproval(queries: QueryClient, approval: Approval): void {
  const key = approvalKey(approval.id);
  const before = queries.getQueryData<Approval>(key);
  // A fact that an answer has overtaken brings nothing back to life.
  if (before !== undefined && before.status !== 'pending' && approval.status === 'pending') return;
  queries.setQueryData<Approval>(key, approval);
  queries.setQueryData<InfiniteData<Page<Approval>>>(approvalsKey.pending, (data) => data && withOne(data, approval));
  // Facts tell only the newest comments.
  if (approval.comment_count > approval.comments.length) void queries.invalidateQueries({ queryKey: key });
}

/** With this one as it is now: in its place, new, or gone. */
function withOne(data: InfiniteData<Page<Approval>>, approval: Approval): InfiniteData<Page<Approval>> {
  const waits = approval.status === 'pending';
  const known = data.pages.some(({ items }) => items.some(({ id }) => id === approval.id));
  const pages = data.pages.map((page, index) => {
    const items = page.items.flatMap((one) => (one.id !== approval.id ? [one] : waits ? [approval] : []));
    return { ...page, items: waits && !known && index === 0 ? [approval, ...items] : items };
  });
  return { ...data, pages };
}
