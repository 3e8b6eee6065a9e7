import type { Database } from '@holdpoint/shared/db/schema/index';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { type Kysely, sql } from 'kysely';
import { type Ruling, refused } from '../core/ruling.ts';
import { requiredAudiencesOf, type Voter } from '../core/voter.ts';
import { presentApproval, recordStep } from './record-step.ts';
import { whilePending } from './while-pending.ts';

export interface TakenBack {
  readonly tenant: string;
  readonly approvalId: string;
  readonly voter: Voter;
}

/**
 * Takes a person's own vote back while nothing is decided. Locks the approval as a vote does: whoever is first has decided, and
 * a vote that made the decision stays. The row goes, the receipts keep that there was one. Again: answered with what is.
 */
export async function withdrawVote(db: Kysely<Database>, takenBack: TakenBack): Promise<Ruling> {
  const { voter } = takenBack;
  return whilePending(db, takenBack, async (tx, locked) => {
    const own = locked.votes.find(({ principal }) => principal === voter.principal);
    if (own === undefined) {
      if (requiredAudiencesOf(locked, voter).length > 0) return presentApproval(tx, locked.id);
      return refused(new HoldpointError('NOT_IN_AUDIENCE', 'you have no vote on this'));
    }
    await sql`DELETE FROM votes WHERE approval = ${locked.id} AND principal = ${voter.principal}`.execute(tx);
    const [approval] = await recordStep(tx, {
      ids: [locked.id],
      facts: ['voted'],
      actor: voter.principal,
      deed: 'withdraw',
      comment: null,
      notes: new Map([[locked.id, `took back: ${own.vote}`]]),
      moved: new Set(),
    });
    if (approval === undefined) throw new Error(`approval ${locked.id} vanished under its lock`);
    return { kind: 'ruled', approval, changed: true };
  });
}
