import type { Approval, Vote } from '@holdpoint/shared/domain/approval';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { missingRequirements } from '@holdpoint/shared/domain/quorum';
import type { Person } from '../session/session.tsx';

/** How a person stands to a request. The server judges again: this decides only what is offered. */
export interface Standing {
  readonly own: Vote | undefined;
  readonly mayApprove: boolean;
  readonly mayDeny: boolean;
  /** Approving needs a word, for it was asked on this very person’s behalf. */
  readonly mustComment: boolean;
  /** Why nothing, or not everything, is offered. */
  readonly why: string | undefined;
}

const NOTHING = { mayApprove: false, mayDeny: false, mustComment: false } as const;

export function standingOf(approval: Approval, person: Person, nowMs: number): Standing {
  const own = approval.votes.find(({ principal }) => principal === person.principal);
  if (approval.status !== 'pending') return { ...NOTHING, own, why: undefined };
  if (Date.parse(approval.expires_at) <= nowMs) return { ...NOTHING, own, why: 'The time to decide is over.' };
  if (own) return { ...NOTHING, own, why: `You have voted: ${own.vote}.` };
  if (!approval.requirements.some((requirement) => isAsked(requirement, person))) {
    return { ...NOTHING, own, why: `This is for ${audiencesOf(approval).join(' and ')} to decide.` };
  }
  const benefits = isSaidToBenefit(approval, person);
  if (benefits && !approval.self_approval) {
    return { ...NOTHING, own, mayDeny: true, why: 'It is asked on your behalf: you may deny it, and not approve it.' };
  }
  return { own, mayApprove: true, mayDeny: true, mustComment: benefits, why: undefined };
}

/** Whether it waits for this very person. */
export function isForMe(approval: Approval, person: Person, nowMs: number): boolean {
  return standingOf(approval, person, nowMs).mayDeny;
}

export function isAsked({ audience, also = [] }: Requirement, { audiences }: Pick<Person, 'audiences'>): boolean {
  return [audience, ...also].some((one) => audiences.includes(one));
}

export function audiencesOf({ requirements }: Pick<Approval, 'requirements'>): string[] {
  return [...new Set(requirements.flatMap(({ audience, also = [] }) => [audience, ...also]))];
}

/** A bare subject counts as well, as it does for the server. */
function isSaidToBenefit({ on_behalf_of }: Approval, { principal }: Person): boolean {
  const subject = principal.slice(principal.indexOf('|') + 1);
  return on_behalf_of !== null && (on_behalf_of === principal || on_behalf_of === subject);
}

export interface Progress extends Requirement {
  readonly missing: number;
}

/** What is asked, and how much of it still lacks. */
export function progressOf({ requirements, votes }: Pick<Approval, 'requirements' | 'votes'>): Progress[] {
  const consents = votes
    .filter(({ vote }) => vote === 'approve')
    .map(({ principal, audience }) => ({ principal, audiences: [audience] }));
  const missing = new Map(
    missingRequirements(requirements, consents).map(({ audience, quorum }) => [audience, quorum]),
  );
  return requirements.map((requirement) => ({ ...requirement, missing: missing.get(requirement.audience) ?? 0 }));
}

/** `2 more of reviewer`. */
export function stillNeeded(approval: Approval): string {
  const lacking = progressOf(approval).filter(({ missing }) => missing > 0);
  return lacking.map(({ audience, missing }) => `${missing} more of ${audience}`).join(' and ');
}
