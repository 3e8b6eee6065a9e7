import {
  type Approval,
  type ApprovalStatus,
  type approvalRequestSchema,
  approvalSchema,
} from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { z } from 'zod';
import { id, type Page, pageOf, type Query, type Service } from './http.ts';

export type RequestedApproval = z.input<typeof approvalRequestSchema>;

/** What becomes of an imperative request when no person can be asked. `assume-approved` holds at urgency `low` only. */
export type OnApprovalUnavailable = 'fail' | 'assume-rejected' | 'assume-approved';

interface RequestOptions {
  readonly onApprovalUnavailable?: OnApprovalUnavailable;
  readonly signal?: AbortSignal;
}

/** One round of waiting for a person; the next follows at once. */
const WAIT_SECONDS = 25;

const batchSchema = z.looseObject({ items: z.array(z.looseObject({ id: z.string() })) });

export function approvals(service: Service) {
  const post = (path: string, body: object): Promise<Approval> =>
    service(approvalSchema, { method: 'POST', path: `/v1/approvals${path}`, body });
  const get = (approvalId: string, how: { waitSeconds?: number; signal?: AbortSignal } = {}): Promise<Approval> =>
    service(approvalSchema, {
      method: 'GET',
      path: `/v1/approvals/${id(approvalId)}`,
      query: { wait: how.waitSeconds },
      waitSeconds: how.waitSeconds,
      signal: how.signal,
    });
  return {
    list: (query: Page & { status?: ApprovalStatus; audience?: string } = {}) =>
      service(pageOf(approvalSchema), { method: 'GET', path: '/v1/approvals', query: query as Query }),
    get,
    create: (request: RequestedApproval) => post('', request),
    approve: (approvalId: string, comment?: string) =>
      post(`/${id(approvalId)}/approve`, comment === undefined ? {} : { comment }),
    deny: (approvalId: string, reason: string) => post(`/${id(approvalId)}/deny`, { reason }),
    cancel: (approvalId: string, reason?: string) =>
      post(`/${id(approvalId)}/cancel`, reason === undefined ? {} : { reason }),
    batch: (request: { ids: readonly string[]; vote: 'approve' | 'deny'; reason?: string }) =>
      service(batchSchema, { method: 'POST', path: '/v1/approvals/batch', body: request }),
    /** Asks a person and waits for the answer: true when it is granted, else what was said is thrown. */
    request: (request: RequestedApproval, options: RequestOptions = {}): Promise<true> =>
      askPerson(request, options, post, get),
  };
}

async function askPerson(
  request: RequestedApproval,
  options: RequestOptions,
  post: (path: string, body: object) => Promise<Approval>,
  get: (approvalId: string, how: { waitSeconds: number; signal?: AbortSignal }) => Promise<Approval>,
): Promise<true> {
  const { signal, onApprovalUnavailable = 'fail' } = options;
  if (onApprovalUnavailable === 'assume-approved' && request.urgency !== 'low') {
    throw new HoldpointError('INVALID_REQUEST', "'assume-approved' holds at urgency 'low' only");
  }
  try {
    let approval = await post('', request);
    while (approval.status === 'pending') {
      approval = await get(approval.id, { waitSeconds: WAIT_SECONDS, ...(signal && { signal }) });
    }
    return answerOf(approval);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof HoldpointError && error.code === 'DEPENDENCY_UNAVAILABLE')) throw error;
    if (onApprovalUnavailable === 'assume-approved') return true;
    if (onApprovalUnavailable === 'fail') throw error;
    throw new HoldpointError('APPROVAL_DENIED', 'no person could be asked, which counts as a no', {}, { cause: error });
  }
}

function answerOf(approval: Approval): true {
  const details = { approval_id: approval.id };
  switch (approval.status) {
    case 'granted':
      return true;
    case 'denied': {
      const reason = approval.votes.find(({ vote }) => vote === 'deny')?.comment;
      throw new HoldpointError('APPROVAL_DENIED', reason ? `denied: ${reason}` : 'denied', details);
    }
    case 'expired':
      throw new HoldpointError('APPROVAL_EXPIRED', 'nobody decided in time', details);
    case 'cancelled':
      throw new HoldpointError('APPROVAL_DENIED', 'the request was withdrawn', details);
    case 'pending':
      throw new HoldpointError('APPROVAL_REQUIRED', 'nobody has decided yet', details);
    default:
      return approval.status satisfies never;
  }
}
