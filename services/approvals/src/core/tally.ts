import type { ApprovalStatus, Vote } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { requirementsMet } from '@holdpoint/shared/domain/quorum';

export interface CountedVote {
  readonly principal: string;
  readonly vote: Vote['vote'];
  readonly audiences: readonly string[];
}

/** What the votes make of a pending approval: enough denials deny; else all requirements are to be met, by those who agree. */
export function tally(
  { requirements, denials }: { readonly requirements: readonly Requirement[]; readonly denials: number },
  votes: readonly CountedVote[],
): Extract<ApprovalStatus, 'pending' | 'granted' | 'denied'> {
  const agree = votes.filter(({ vote }) => vote === 'approve');
  if (votes.length - agree.length >= denials) return 'denied';
  return requirementsMet(requirements, agree) ? 'granted' : 'pending';
}
