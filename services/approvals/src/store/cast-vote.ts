import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Vote } from '@holdpoint/shared/domain/approval';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { withRetry } from '@holdpoint/shared/runtime/postgres';
import { type Kysely, sql, type Transaction } from 'kysely';
import { alreadyDecided, expired, notFound, type Ruling, refused } from '../core/ruling.ts';
import { tally } from '../core/tally.ts';
import { refuseVoter, requiredAudiencesOf, shownName, standsInNote, type Voter } from '../core/voter.ts';
import { endApprovals } from './end-approvals.ts';
import { expireLocked } from './expire.ts';
import { type LockedApproval, lockApproval } from './lock-approval.ts';
import { presentApproval, recordStep } from './record-step.ts';

export interface Ballot {
  readonly tenant: string;
  readonly approvalId: string;
  readonly voter: Voter;
  readonly vote: Vote['vote'];
  /** The comment of an approval, the reason of a denial. */
  readonly comment: string | null;
}

/**
 * One vote, one transaction. Locks the approval, then its action. Of callers that race, each waits for the one before and
 * judges what it left: one grant, whatever the number of votes, tabs and instances. The same vote of the same person again
 * is answered with what is; a vote that comes too late ends the approval as expired right here.
 */
export async function castVote(db: Kysely<Database>, ballot: Ballot): Promise<Ruling> {
  return withRetry(() =>
    db.transaction().execute(async (tx) => {
      const locked = await lockApproval(tx, ballot.tenant, ballot.approvalId);
      if (locked === undefined) return refused(notFound());
      const before = votedBefore(locked, ballot);
      if (before === 'same') return presentApproval(tx, locked.id);
      if (locked.status !== 'pending') return refused(alreadyDecided(locked.id, locked.status));
      if (locked.due) {
        await expireLocked(tx, [locked.id]);
        return refused(expired(locked.id), true);
      }
      if (before === 'other')
        return refused(new HoldpointError('CONFLICT', 'you have voted otherwise before: withdraw that vote first'));
      const refusal = refuseVoter(locked, ballot.voter, ballot.vote, ballot.comment);
      return refusal ? refused(refusal) : count(tx, locked, ballot);
    }),
  );
}

/** Of an approval that ran out, no vote is repeated: it came to nothing. */
function votedBefore(locked: LockedApproval, { voter, vote }: Ballot): 'same' | 'other' | undefined {
  const own = locked.votes.find(({ principal }) => principal === voter.principal);
  if (own === undefined) return undefined;
  const ranOut = locked.status === 'expired' || (locked.status === 'pending' && locked.due);
  return own.vote === vote && !ranOut ? 'same' : 'other';
}

async function count(tx: Transaction<Database>, locked: LockedApproval, ballot: Ballot): Promise<Ruling> {
  const { voter, vote, comment } = ballot;
  const audiences = requiredAudiencesOf(locked, voter);
  await sql`
    INSERT INTO votes (approval, principal, vote, audiences, comment, name)
    VALUES (${locked.id}, ${voter.principal}, ${vote}, ${JSON.stringify(audiences)}::jsonb, ${comment},
      ${shownName(voter)})`.execute(tx);
  const result = tally(locked, [...locked.votes, { principal: voter.principal, vote, audiences }]);
  const actionError = result === 'denied' ? `denied by a person: ${comment}` : null;
  const moved = result === 'pending' ? new Set<string>() : await endApprovals(tx, [locked.id], result, actionError);
  const [approval] = await recordStep(tx, {
    ids: [locked.id],
    facts: result === 'pending' ? ['voted'] : ['voted', 'ended'],
    actor: voter.principal,
    deed: vote,
    comment,
    notes: new Map([[locked.id, standsInNote(locked, voter)]]),
    moved,
  });
  if (approval === undefined) throw new Error(`approval ${locked.id} vanished under its lock`);
  // Its action was withdrawn elsewhere: the vote is kept and came to nothing.
  if (approval.status === 'cancelled') return refused(alreadyDecided(locked.id, 'cancelled'), true);
  return { kind: 'ruled', approval, changed: true };
}
