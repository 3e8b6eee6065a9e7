import type { Database } from '@holdpoint/shared/db/schema/index';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Kysely } from 'kysely';
import { type Ruling, refused } from '../core/ruling.ts';
import { mayCancel, type Voter } from '../core/voter.ts';
import { endApprovals } from './end-approvals.ts';
import type { LockedApproval } from './lock-approval.ts';
import { recordStep } from './record-step.ts';
import { whilePending } from './while-pending.ts';

export type Canceller =
  | (Voter & { readonly kind: 'person'; readonly admin: boolean })
  | { readonly kind: 'requester'; readonly principal: string };

export interface Withdrawal {
  readonly tenant: string;
  readonly approvalId: string;
  /** Whoever is no person asked for it, and may take back no more than that. */
  readonly by: Canceller;
  readonly reason: string | null;
}

/** Withdraws a request and its held action. The same locks in the same order as a vote: whoever is first has decided. */
export async function cancelApproval(db: Kysely<Database>, withdrawal: Withdrawal): Promise<Ruling> {
  const { by, reason } = withdrawal;
  return whilePending(db, withdrawal, async (tx, locked) => {
    const refusal = refuseCanceller(locked, by);
    if (refusal) return refused(refusal);
    const moved = await endApprovals(tx, [locked.id], 'cancelled', 'the request was withdrawn');
    const [approval] = await recordStep(tx, {
      ids: [locked.id],
      facts: ['ended'],
      actor: by.principal,
      deed: 'cancel',
      comment: reason,
      moved,
    });
    if (approval === undefined) throw new Error(`approval ${locked.id} vanished under its lock`);
    return { kind: 'ruled', approval, changed: true };
  });
}

function refuseCanceller(locked: LockedApproval, by: Canceller): HoldpointError | undefined {
  if (by.kind === 'person') {
    if (mayCancel(locked, by)) return undefined;
    return new HoldpointError('NOT_IN_AUDIENCE', 'only who asked, who may decide or an admin may withdraw it');
  }
  // What a plan's line asks is the line's question: its plan is not taken back by halves.
  if (locked.action === null && locked.requester === by.principal) return undefined;
  return new HoldpointError('NOT_A_PERSON', 'only a person may, or the app that asked for it by POST /v1/approvals');
}
