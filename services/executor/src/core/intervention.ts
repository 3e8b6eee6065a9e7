import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { ReceiptKind } from '@holdpoint/shared/domain/receipt';
import type { Tool } from '@holdpoint/shared/domain/tool';

/** What a person's word does to an action. */
export interface Intervention {
  readonly to: ActionState;
  readonly receipt: ReceiptKind;
  /** It has ended: its outcome is told. */
  readonly announce: boolean;
  /** Undefined: what it was. */
  readonly error?: string | null;
}

type Seen = Pick<ActionRow, 'state' | 'unsure' | 'approval_id' | 'next_attempt_at'>;

/** Takes back what has not been begun. */
export function cancel(action: Seen): Intervention {
  if (action.state === 'held') {
    const details = { state: action.state, approval_id: action.approval_id };
    throw new HoldpointError('CONFLICT', 'it is held: cancel its approval', details);
  }
  if (action.state !== 'queued') throw refused(action, 'only a queued action can be cancelled');
  if (action.unsure)
    throw refused(action, 'an earlier attempt may have happened: it can only be settled, once it is indeterminate');
  return { to: 'cancelled', receipt: 'outcome', announce: true, error: null };
}

/** What backs off is due now; what is indeterminate is run again, on the word of whoever asks. */
export function retry(action: Seen, tool: Pick<Tool, 'idempotent'> | undefined): Intervention {
  if (action.state === 'indeterminate') return settle(action, 'not_applied', '');
  if (action.state !== 'queued' || action.next_attempt_at === null) {
    throw refused(action, 'only an action that is backing off or indeterminate can be retried');
  }
  // Asked too soon, what is still on its way would be called not applied, and done twice.
  if (action.unsure && !tool?.idempotent) {
    throw refused(action, 'it may have happened: its connector is asked once that must show');
  }
  return { to: 'queued', receipt: 'override', announce: false };
}

export const SETTLEMENTS = ['applied', 'not_applied', 'failed'] as const;
export type SettleAs = (typeof SETTLEMENTS)[number];

/**
 * A person says what became of an indeterminate action. Run again, it is the head of its lane as before; where it had left the
 * lane it joins the tail.
 */
export function settle(action: Seen, as: SettleAs, reason: string): Intervention {
  if (action.state !== 'indeterminate') throw refused(action, 'only an indeterminate action can be settled');
  switch (as) {
    case 'applied':
      return { to: 'applied', receipt: 'settlement', announce: true, error: null };
    case 'failed':
      return { to: 'failed', receipt: 'settlement', announce: true, error: reason };
    case 'not_applied':
      return { to: 'queued', receipt: 'settlement', announce: false, error: null };
    default:
      return as satisfies never;
  }
}

function refused(action: Seen, message: string): HoldpointError {
  return new HoldpointError('CONFLICT', `${message}; this one is ${action.state}`, { state: action.state });
}
