import type { Approval } from '@holdpoint/shared/domain/approval';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { type Page, withQuery } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { approvalKey, approvalsKey } from '../../approvals/keys.ts';
import { useLive } from '../../live/live-provider.tsx';

const PAGE_ENTRIES = 200;
const NONE: Page<Approval> = { items: [] };

/** What waits in the tenant, newest first, kept current by what the server tells, or by asking again. */
export function usePending() {
  const [api, queries] = [useApi(), useQueryClient()];
  const { pollMs } = useLive();
  return useInfiniteQuery({
    queryKey: approvalsKey.pending,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const ask = (query: Readonly<Record<string, string | undefined>>): Promise<Page<Approval>> =>
        api.get(withQuery('/v1/approvals', { status: 'pending', limit: PAGE_ENTRIES, ...query }), signal);
      // What waits for this person comes first, however old it is.
      const [page, mine] = await Promise.all([ask({ cursor }), cursor === undefined ? ask({ mine: 'true' }) : NONE]);
      const items = [...new Map([...page.items, ...mine.items].map((approval) => [approval.id, approval])).values()];
      for (const approval of items) queries.setQueryData(approvalKey(approval.id), approval);
      return { ...page, items };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    refetchInterval: pollMs,
    refetchIntervalInBackground: true,
  });
}
