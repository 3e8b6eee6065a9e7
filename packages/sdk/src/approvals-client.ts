import {
  APPROVAL_STATUSES,
  type Approval,
  type ApprovalStatus,
  type approvalRequestSchema,
  approvalSchema,
} from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { z } from 'zod';
import { type StreamOptions, streamApprovals } from './approval-stream.ts';
import { type HttpRequest, id, type Page, pageOf, type Query, type Service } from './http.ts';

export type RequestedApproval = z.input<typeof approvalRequestSchema>;

/** What becomes of an imperative request when no person can be asked. `assume-approved` holds at urgency `low` only. */
export type OnApprovalUnavailable = 'fail' | 'assume-rejected' | 'assume-approved';

export interface ApprovalQuery extends Page {
  readonly status?: ApprovalStatus | undefined;
  readonly audience?: string | undefined;
  readonly session_id?: string | undefined;
  readonly operator?: string | undefined;
  /** Pending ones that the person who asks may decide and has not voted on. */
  readonly mine?: boolean | undefined;
}

interface RequestOptions {
  readonly onApprovalUnavailable?: OnApprovalUnavailable;
  readonly signal?: AbortSignal;
}

/** One round of waiting for a person; the next follows at once. */
const WAIT_SECONDS = 25;

const batchSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      id: z.string(),
      status: z.enum(APPROVAL_STATUSES).optional(),
      error: z.looseObject({ code: z.string(), detail: z.string() }).optional(),
    }),
  ),
});
/** What became of each id: its status, or why it was refused. */
export type BatchAnswer = z.infer<typeof batchSchema>;

export function approvals(service: Service, bytes: (request: Omit<HttpRequest, 'base'>) => AsyncIterable<Uint8Array>) {
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
    list: (query: ApprovalQuery = {}) =>
      service(pageOf(approvalSchema), { method: 'GET', path: '/v1/approvals', query: query as Query }),
    get,
    create: (request: RequestedApproval) => post('', request),
    approve: (approvalId: string, comment?: string) =>
      post(`/${id(approvalId)}/approve`, comment === undefined ? {} : { comment }),
    deny: (approvalId: string, reason: string) => post(`/${id(approvalId)}/deny`, { reason }),
    cancel: (approvalId: string, reason?: string) =>
      post(`/${id(approvalId)}/cancel`, reason === undefined ? {} : { reason }),
    /** Takes back the own vote, while it is pending. */
    withdraw: (approvalId: string) => post(`/${id(approvalId)}/withdraw`, {}),
    comment: (approvalId: string, text: string) => post(`/${id(approvalId)}/comments`, { text }),
    /** What is said from now on, whoever says it: `for await (const { event, approval } of approvals.stream())`. */
    stream: (options: StreamOptions = {}) =>
      streamApprovals((signal) => bytes({ method: 'GET', path: '/v1/approvals/stream', signal }), options),
    batch: (request: { ids: readonly string[]; vote: 'approve' | 'deny'; reason?: string }) =>
      service(batchSchema, { method: 'POST', path: '/v1/approvals/batch', body: request }),
    /**
     * Asks a person and waits for the answer: true when it is granted, else what was said is thrown. Aborted, it takes the
     * question back.
     */
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
  signal?.throwIfAborted();
  let asked: Approval | undefined;
  try {
    asked = await post('', request);
    let approval = asked;
    while (approval.status === 'pending') {
      approval = await get(approval.id, { waitSeconds: WAIT_SECONDS, ...(signal && { signal }) });
    }
    return answerOf(approval);
  } catch (error) {
    if (signal?.aborted) {
      // Who decided first has decided: nobody waits for that any more.
      if (asked) await post(`/${id(asked.id)}/cancel`, { reason: 'who asked waits no more' }).catch(() => undefined);
      throw signal.reason;
    }
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
