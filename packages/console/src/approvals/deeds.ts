import type { Approval, ApprovalStatus } from '@holdpoint/shared/domain/approval';
import type { Problem } from '@holdpoint/shared/domain/errors';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useApi } from '../api/api-context.tsx';
import { isRefusal } from '../api/problem.ts';
import { showApproval } from './show-approval.ts';

export type Cast = 'approve' | 'deny';

export interface BatchItem {
  readonly id: string;
  readonly status?: ApprovalStatus;
  readonly error?: Problem;
}

/** As many as the server takes in one batch. */
const BATCH_MAX_IDS = 100;

/**
 * What a person does to requests. Nothing of what was shown is sent: a vote is for what stands under the id, whose digest
 * never changes. What comes back is shown everywhere at once; so is what a refusal says has become of it.
 */
export function useDeeds() {
  const [api, queries] = [useApi(), useQueryClient()];
  return useMemo(() => {
    const shown = (approval: Approval): Approval => {
      showApproval(queries, approval);
      return approval;
    };
    const deed = async (id: string, name: string, body?: unknown): Promise<Approval> => {
      try {
        return shown(await api.post<Approval>(`/v1/approvals/${id}/${name}`, body));
      } catch (error) {
        if (isRefusal(error) && error.status >= 400) void queries.invalidateQueries({ queryKey: ['approvals'] });
        throw error;
      }
    };
    return {
      vote: (id: string, cast: Cast, said: string) =>
        cast === 'deny'
          ? deed(id, 'deny', { reason: said })
          : deed(id, 'approve', said === '' ? {} : { comment: said }),
      withdraw: (id: string) => deed(id, 'withdraw'),
      comment: (id: string, text: string) => deed(id, 'comments', { text }),
      cancel: (id: string, reason: string) => deed(id, 'cancel', reason === '' ? {} : { reason }),
      async voteOnAll(ids: readonly string[], vote: Cast, reason: string): Promise<BatchItem[]> {
        const items: BatchItem[] = [];
        for (let from = 0; from < ids.length; from += BATCH_MAX_IDS) {
          const some = ids.slice(from, from + BATCH_MAX_IDS);
          const body = { ids: some, vote, ...(reason !== '' && { reason }) };
          items.push(...(await api.post<{ items: BatchItem[] }>('/v1/approvals/batch', body)).items);
        }
        await queries.invalidateQueries({ queryKey: ['approvals'] });
        return items;
      },
      /** As it is now. */
      look: async (id: string) => shown(await api.get<Approval>(`/v1/approvals/${id}`)),
    };
  }, [api, queries]);
}
