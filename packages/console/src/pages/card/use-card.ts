import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { ActionExplanation } from '@holdpoint/shared/domain/explanation';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { Receipt } from '@holdpoint/shared/domain/receipt';
import { useQuery } from '@tanstack/react-query';
import { behind, type Page, withQuery } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { approvalKey } from '../../approvals/keys.ts';
import { useLive } from '../../live/live-provider.tsx';
import { isAdmin, useSession } from '../../session/session.tsx';

const ACTION_POLL_MS = 2_000;
const RECENT_RECEIPTS = 8;

/** In none of these does anything happen to an action by itself. */
const RESTING: readonly ActionState[] = [
  'held',
  'applied',
  'failed',
  'denied',
  'expired',
  'cancelled',
  'blocked',
  'duplicate',
];

export function useApproval(id: string) {
  const api = useApi();
  const { pollMs } = useLive();
  return useQuery({
    queryKey: approvalKey(id),
    queryFn: ({ signal }) => api.get<Approval>(`/v1/approvals/${encodeURIComponent(id)}`, signal),
    refetchInterval: pollMs,
  });
}

/** The action that is asked about, and what becomes of it once it is decided. */
export function useAction({ action_id: id, status }: Approval) {
  const api = useApi();
  const { services } = useSession();
  return useQuery({
    queryKey: ['actions', id],
    queryFn: ({ signal }) => api.get<Action>(behind('executor', `/v1/actions/${id}`), signal),
    enabled: id !== null && services.executor,
    refetchInterval: ({ state: { data } }) =>
      status !== 'pending' && !(data && RESTING.includes(data.state) && data.state !== 'held') ? ACTION_POLL_MS : false,
  });
}

/** Only admins are told how policies reason; the reasons themselves stand in the action. */
export function useExplanation({ action_id: id }: Approval) {
  const api = useApi();
  const { services, person } = useSession();
  return useQuery({
    queryKey: ['explanations', id],
    queryFn: ({ signal }) => api.get<ActionExplanation>(behind('evaluator', `/v1/actions/${id}/explanation`), signal),
    enabled: id !== null && services.evaluator && isAdmin(person),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What happened to the same entity lately. */
export function useRecentReceipts({ entity_key: entityKey }: Approval) {
  const api = useApi();
  const { services } = useSession();
  return useQuery({
    queryKey: ['receipts', 'entity', entityKey],
    queryFn: ({ signal }) => {
      const path = withQuery('/v1/receipts', {
        entity_key: entityKey ?? '',
        limit: RECENT_RECEIPTS,
      }) as `/v1/${string}`;
      return api.get<Page<Receipt>>(behind('executor', path), signal);
    },
    enabled: entityKey !== null && services.executor,
  });
}
