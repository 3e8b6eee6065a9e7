import type { Database } from '@holdpoint/shared/db/schema/index';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { withRetry } from '@holdpoint/shared/runtime/postgres';
import type { Kysely } from 'kysely';
import { alreadyDecided, expired, notFound, type Ruling, refused } from '../core/ruling.ts';
import { mayCancel, type Voter } from '../core/voter.ts';
import { endApprovals } from './end-approvals.ts';
import { expireLocked } from './expire.ts';
import { lockApproval } from './lock-approval.ts';
import { recordStep } from './record-step.ts';

export interface Withdrawal {
  readonly tenant: string;
  readonly approvalId: string;
  readonly person: Voter & { readonly admin: boolean };
  readonly reason: string | null;
}

/** Withdraws a request and its held action. The same locks in the same order as a vote: whoever is first has decided. */
export async function cancelApproval(db: Kysely<Database>, withdrawal: Withdrawal): Promise<Ruling> {
  const { tenant, approvalId, person, reason } = withdrawal;
  return withRetry(() =>
    db.transaction().execute(async (tx): Promise<Ruling> => {
      const locked = await lockApproval(tx, tenant, approvalId);
      if (locked === undefined) return refused(notFound());
      if (locked.status !== 'pending') return refused(alreadyDecided(locked.id, locked.status));
      if (locked.due) {
        await expireLocked(tx, [locked.id]);
        return refused(expired(locked.id), true);
      }
      if (!mayCancel(locked, person)) {
        return refused(
          new HoldpointError('NOT_IN_AUDIENCE', 'only who asked, who may decide or an admin may withdraw it'),
        );
      }
      const moved = await endApprovals(tx, [locked.id], 'cancelled', 'the request was withdrawn');
      const [approval] = await recordStep(tx, {
        ids: [locked.id],
        facts: ['ended'],
        actor: person.principal,
        deed: 'cancel',
        comment: reason,
        moved,
      });
      if (approval === undefined) throw new Error(`approval ${locked.id} vanished under its lock`);
      return { kind: 'ruled', approval, changed: true };
    }),
  );
}
