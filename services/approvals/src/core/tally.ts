import type { ApprovalStatus, Vote } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { requirementsMet } from '@holdpoint/shared/domain/quorum';

export interface CountedVote {
  readonly principal: string;
  readonly vote: Vote['vote'];
  readonly audiences: readonly string[];
}

/** What the votes make of a pending approval: any denial denies; else all requirements are to be met. */
export function tally(
  requirements: readonly Requirement[],
  votes: readonly CountedVote[],
): Extract<ApprovalStatus, 'pending' | 'granted' | 'denied'> {
  if (votes.some(({ vote }) => vote === 'deny')) return 'denied';
  return requirementsMet(requirements, votes) ? 'granted' : 'pending';
}
