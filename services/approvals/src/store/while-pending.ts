import type { Database } from '@holdpoint/shared/db/schema/index';
import { withRetry } from '@holdpoint/shared/runtime/postgres';
import type { Kysely, Transaction } from 'kysely';
import { alreadyDecided, expired, notFound, type Ruling, refused } from '../core/ruling.ts';
import { expireLocked } from './expire.ts';
import { type LockedApproval, lockApproval } from './lock-approval.ts';

/**
 * One step of somebody's on an approval that waits: a transaction under its row lock, so that of callers that race each judges
 * what the one before has left. One whose time is over ends here and now.
 */
export async function whilePending(
  db: Kysely<Database>,
  { tenant, approvalId }: { readonly tenant: string; readonly approvalId: string },
  step: (tx: Transaction<Database>, locked: LockedApproval) => Promise<Ruling>,
): Promise<Ruling> {
  return withRetry(() =>
    db.transaction().execute(async (tx): Promise<Ruling> => {
      const locked = await lockApproval(tx, tenant, approvalId);
      if (locked === undefined) return refused(notFound());
      if (locked.status !== 'pending') return refused(alreadyDecided(locked.id, locked.status));
      if (!locked.due) return step(tx, locked);
      await expireLocked(tx, [locked.id]);
      return refused(expired(locked.id), true);
    }),
  );
}
