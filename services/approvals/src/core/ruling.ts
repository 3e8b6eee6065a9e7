import type { Approval, ApprovalStatus } from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';

/** How a request of a person ended: what the approval is now, or why nothing came of it. */
export type Ruling =
  | { readonly kind: 'ruled'; readonly approval: Approval; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly error: HoldpointError; readonly changed: boolean };

/** How an approval can end. */
export type Ending = Exclude<ApprovalStatus, 'pending'>;

/** What becomes of the held action when its approval ends. */
export const ACTION_AFTER = {
  granted: 'rescore',
  denied: 'denied',
  expired: 'expired',
  cancelled: 'cancelled',
} as const satisfies Record<Ending, ActionState>;

export function refused(error: HoldpointError, changed = false): Ruling {
  return { kind: 'refused', error, changed };
}

export function notFound(): HoldpointError {
  return new HoldpointError('NOT_FOUND', 'no such approval');
}

export function expired(approvalId: string): HoldpointError {
  return new HoldpointError('APPROVAL_EXPIRED', 'the time to decide is over', { approval_id: approvalId });
}

export function alreadyDecided(approvalId: string, status: ApprovalStatus): HoldpointError {
  if (status === 'expired') return expired(approvalId);
  return new HoldpointError('APPROVAL_ALREADY_DECIDED', `this was ${status} before`, {
    approval_id: approvalId,
    status,
  });
}
