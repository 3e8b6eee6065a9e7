import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql, type Transaction } from 'kysely';
import { endApprovals } from './end-approvals.ts';
import { recordStep } from './record-step.ts';

/** Approvals a transaction: short under lock. */
const PAGE_ROWS = 100;

/** What one transaction did; where there is more, the page was full. */
export interface DuePage {
  readonly done: number;
  readonly more: boolean;
}

/**
 * Ends one page of approvals whose time is over, and their held actions with them. Locks the approvals, then their actions;
 * one that a voter or another instance holds is passed over, for they will find it due themselves.
 */
export async function expireDue(db: Kysely<Database>): Promise<DuePage> {
  return db.transaction().execute(async (tx) => {
    // now(), which is no later than this statement: unlike clock_timestamp() it lets the index find them.
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM approvals WHERE status = 'pending' AND expires_at <= now()
      ORDER BY expires_at LIMIT ${PAGE_ROWS} FOR UPDATE SKIP LOCKED`.execute(tx);
    if (rows.length > 0) {
      await expireLocked(
        tx,
        rows.map(({ id }) => id),
      );
    }
    return { done: rows.length, more: rows.length === PAGE_ROWS };
  });
}

/** The same for approvals that this transaction has locked and found pending and due. */
export async function expireLocked(tx: Transaction<Database>, ids: readonly string[]): Promise<void> {
  const moved = await endApprovals(tx, ids, 'expired', 'nobody decided in time');
  await recordStep(tx, { ids, facts: ['ended'], actor: 'approvals', deed: 'expire', comment: null, moved });
}
