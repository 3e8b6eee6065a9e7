import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import type { NewApproval, NewVote } from './approval-request.ts';
import type { SpentGrant } from './cover.ts';

/** The same question, answered before it was asked: granted by those who gave the grants, and cited by their votes. */
export function grantedInAdvance(question: NewApproval, cover: readonly SpentGrant[]): NewApproval {
  return {
    ...question,
    status: 'granted',
    decided_at: question.created_at,
    standing_grant_id: cover[0]?.id ?? null,
    votes: cover.map((grant) => voteOf(question, grant)),
    spends: cover.map(({ id, usesLeft }) => ({ standing_grant: id, uses_left: usesLeft })),
  };
}

function voteOf({ id, created_at, requirements }: NewApproval, grant: SpentGrant): NewVote {
  const asked = requirements.map(({ audience }: Requirement) => audience);
  return {
    approval: id,
    principal: grant.principal,
    name: grant.name,
    vote: 'approve',
    audiences: asked.filter((audience) => grant.audiences.includes(audience)),
    comment: `standing grant ${grant.id}: ${grant.reason}`,
    at: created_at,
  };
}

/** A receipt for each use: in the name of who consented, for it is their consent that was spent. */
export function useReceipts(
  decision: NewReceipt,
  approval: NewApproval,
  cover: readonly SpentGrant[],
  newId: () => string,
): NewReceipt[] {
  return cover.map((grant): NewReceipt => {
    const { id, principal, uses, usesLeft, reason } = grant;
    const message = `approve: standing grant ${id}: approval ${approval.id} is granted, ${usesLeft} of ${uses} uses left`;
    return {
      ...decision,
      id: newId(),
      kind: 'approval',
      actor: principal,
      reasons: [
        { code: 'standing_grant', message },
        { code: 'standing_grant', message: reason },
      ],
      matched: null,
      // Its action is where the decision moved it: this moves it no further.
      outcome: 'granted',
    };
  });
}
