import type { Vote } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { HoldpointError } from '@holdpoint/shared/domain/errors';

/** A person who votes, as the token said it. */
export interface Voter {
  /** `iss|sub`. */
  readonly principal: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** For people to read; decides nothing. */
  readonly name: string;
}

/** What of an approval decides who may vote on it. */
export interface Question {
  readonly requester: string;
  readonly on_behalf_of: string | null;
  readonly requirements: readonly Requirement[];
  readonly self_approval: boolean;
}

/**
 * Those of the required audiences that the voter may fill a place of, in the order of the requirements: as a member, or as one
 * of an audience that it was opened to. Which of the two makes no difference to a count, so votes keep the required one.
 */
export function requiredAudiencesOf(question: Question, voter: Voter): string[] {
  return question.requirements
    .filter(({ audience, also = [] }) => [audience, ...also].some((one) => voter.audiences.includes(one)))
    .map(({ audience }) => audience);
}

/** By which membership the voter votes for audiences of others, for the receipt; '': for none. */
export function standsInNote({ requirements }: Question, { audiences }: Voter): string {
  return requirements
    .flatMap(({ audience, also = [] }) => {
      const by = audiences.includes(audience) ? [] : also.filter((one) => audiences.includes(one));
      return by.length > 0 ? [`votes for ${audience} as one of ${by.join(' and ')}`] : [];
    })
    .join('; ');
}

const NAME_MAX_CHARS = 200;

/** What identity providers call people may hold anything; null: nothing that can be shown. */
export function shownName({ name }: Voter): string | null {
  const shown = name.toWellFormed().replace(/\p{C}/gu, ' ').trim().slice(0, NAME_MAX_CHARS).toWellFormed();
  return shown === '' ? null : shown;
}

/** Whether the voter asked: known, for who proposes is authenticated. */
export function isOwnRequest(question: Question, voter: Voter): boolean {
  return question.requester === voter.principal;
}

/**
 * Whether the operator says that it acts for this voter. Nobody vouches for that, so it may only take a permission away: it
 * bars from approving, and it does not silence a denial. A bare subject counts too: an operator that leaves the issuer out
 * must not open the door to the person it acts for.
 */
export function isSaidToBenefit(question: Question, voter: Voter): boolean {
  return question.on_behalf_of === voter.principal || question.on_behalf_of === voter.subject;
}

/** Why this person may not cast this vote; undefined: may. Semantics §4, Voter. */
export function refuseVoter(
  question: Question,
  voter: Voter,
  vote: Vote['vote'],
  comment: string | null,
): HoldpointError | undefined {
  if (requiredAudiencesOf(question, voter).length === 0) {
    const audiences = question.requirements.flatMap(({ audience, also = [] }) => [audience, ...also]);
    return new HoldpointError('NOT_IN_AUDIENCE', `this is for ${audiences.join(' and ')} to decide`, { audiences });
  }
  if (isOwnRequest(question, voter) || (vote === 'approve' && isSaidToBenefit(question, voter))) {
    if (!question.self_approval) {
      return new HoldpointError(
        'SELF_APPROVAL',
        'nobody decides what they asked for, or what is asked on their behalf',
      );
    }
    if (vote === 'approve' && comment === null) return missing('comment', 'approving your own request needs a reason');
  }
  if (vote === 'deny' && comment === null) return missing('reason', 'a denial needs a reason');
  return undefined;
}

/** Whether this person may withdraw the request: who asked, who may decide, an admin. */
export function mayCancel(question: Question, voter: Voter & { readonly admin: boolean }): boolean {
  return (
    voter.admin ||
    isOwnRequest(question, voter) ||
    isSaidToBenefit(question, voter) ||
    requiredAudiencesOf(question, voter).length > 0
  );
}

function missing(path: string, reason: string): HoldpointError {
  return new HoldpointError('INVALID_REQUEST', `${path}: ${reason}`, { in: 'body', issues: [{ path, reason }] });
}
