import type { ApprovalStatus } from '@holdpoint/shared/domain/approval';
import { type ErrorCode, HoldpointError } from '@holdpoint/shared/domain/errors';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';

/** What of an asked action says whether its call goes on. */
export interface AskedState {
  readonly state: ActionState;
  readonly error: string | null;
  readonly approval_id: string | null;
  /** Of its last question. */
  readonly status: ApprovalStatus;
}

/**
 * Why a call that comes back with its approval is refused, by the question that is its action's last; undefined where people
 * let it go on: what became of it then is its outcome.
 */
export function refuseAttached(asked: AskedState, approvalId: string): HoldpointError | undefined {
  const refuse = (code: ErrorCode, message: string) =>
    new HoldpointError(code, message, { approval_id: asked.approval_id ?? approvalId });
  switch (asked.status) {
    case 'pending':
      // Beside an action that runs at once, people only review.
      return asked.state === 'held' ? refuse('APPROVAL_REQUIRED', 'people have not decided yet') : undefined;
    case 'denied':
      return asked.state === 'denied' ? refuse('APPROVAL_DENIED', asked.error ?? 'denied by a person') : undefined;
    case 'expired':
      return asked.state === 'held' || asked.state === 'expired'
        ? refuse('APPROVAL_EXPIRED', 'nobody decided in time')
        : undefined;
    case 'cancelled':
      return asked.state === 'cancelled' ? refuse('APPROVAL_DENIED', 'the request was withdrawn') : undefined;
    case 'granted':
      return undefined;
    default:
      return asked.status satisfies never;
  }
}
