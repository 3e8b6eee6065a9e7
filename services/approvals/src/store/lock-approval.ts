import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ApprovalStatus } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { sql, type Transaction } from 'kysely';
import type { CountedVote } from '../core/tally.ts';

/** An approval under its row lock: nobody else decides, expires or cancels it until this transaction ends. */
export interface LockedApproval {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly action: string | null;
  /** Past `expires_at` by the wall clock of this very moment. */
  readonly due: boolean;
  readonly requester: string;
  readonly on_behalf_of: string | null;
  readonly requirements: Requirement[];
  readonly denials: number;
  readonly self_approval: boolean;
  readonly votes: CountedVote[];
}

/**
 * Takes the row lock, then looks in a statement of its own: one statement would see the votes and the time from before it
 * waited, and two votes of a quorum would leave it pending for ever. The time is `clock_timestamp()`, since `now()` is when
 * the transaction began and would let a late grant pass. Undefined: not of this tenant.
 */
export async function lockApproval(
  tx: Transaction<Database>,
  tenant: string,
  id: string,
): Promise<LockedApproval | undefined> {
  const locked = await sql`SELECT 1 FROM approvals WHERE id = ${id} AND tenant = ${tenant} FOR UPDATE`.execute(tx);
  if (locked.rows.length === 0) return undefined;
  const { rows } = await sql<LockedApproval>`
    SELECT p.id, p.status, p.action, p.expires_at <= clock_timestamp() AS due, p.requester, p.on_behalf_of, p.requirements,
      p.denials, p.self_approval,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'vote', v.vote, 'audiences', v.audiences))
        FROM votes v WHERE v.approval = p.id), '[]') AS votes
    FROM approvals p WHERE p.id = ${id}`.execute(tx);
  return rows[0];
}
