import type { Approval, Vote } from '@holdpoint/shared/domain/approval';
import { approvalIdSchema } from '@holdpoint/shared/domain/ids';
import type { PersonPrincipal } from '@holdpoint/shared/runtime/principal';
import type { Context } from './context.ts';
import { notFound, type Ruling, refused } from './core/ruling.ts';
import { cancelApproval } from './store/cancel.ts';
import { castVote } from './store/cast-vote.ts';

/** A person's vote, counted, measured, and told to the world. What is refused is returned, not thrown. */
export async function vote(
  context: Context,
  person: PersonPrincipal,
  ballot: { readonly approvalId: string; readonly vote: Vote['vote']; readonly comment: string | null },
): Promise<Ruling> {
  const ruling = isId(ballot.approvalId)
    ? await castVote(context.db, { tenant: person.tenant, voter: person, ...ballot })
    : refused(notFound());
  context.metrics.voted(ballot.vote, ruling);
  if (ruling.changed) context.nudgeRelay();
  return ruling;
}

export async function withdraw(
  context: Context,
  person: PersonPrincipal,
  approvalId: string,
  reason: string | null,
): Promise<Ruling> {
  if (!isId(approvalId)) return refused(notFound());
  const admin = person.scopes.has('admin') || person.scopes.has('platform');
  const ruling = await cancelApproval(context.db, {
    tenant: person.tenant,
    approvalId,
    person: { ...person, admin },
    reason,
  });
  if (ruling.kind === 'ruled') context.metrics.cancelled();
  if (ruling.changed) context.nudgeRelay();
  return ruling;
}

/** @throws {HoldpointError} what it was refused with */
export function approvalOf(ruling: Ruling): Approval {
  if (ruling.kind === 'refused') throw ruling.error;
  return ruling.approval;
}

/** Whether it can be an approval's id at all; if not, there is none such. */
export function isId(text: string): boolean {
  return approvalIdSchema.safeParse(text).success;
}
