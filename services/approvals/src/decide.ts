import type { Approval, Vote } from '@holdpoint/shared/domain/approval';
import { approvalIdSchema } from '@holdpoint/shared/domain/ids';
import type { PersonPrincipal, Principal } from '@holdpoint/shared/runtime/principal';
import { childOf, newTrace } from '@holdpoint/shared/runtime/trace';
import { planTrace } from '@holdpoint/shared/runtime/tracing';
import type { Context } from './context.ts';
import { notFound, type Ruling, refused } from './core/ruling.ts';
import { addComment } from './store/add-comment.ts';
import { type Canceller, cancelApproval } from './store/cancel.ts';
import { castVote } from './store/cast-vote.ts';
import { readTrace } from './store/read-trace.ts';
import { withdrawVote } from './store/withdraw-vote.ts';

/** A person's vote, counted, measured, and told to the world. What is refused is returned, not thrown. */
export async function vote(
  context: Context,
  person: PersonPrincipal,
  ballot: { readonly approvalId: string; readonly vote: Vote['vote']; readonly comment: string | null },
): Promise<Ruling> {
  const startedAtMs = performance.now();
  const ruling = isId(ballot.approvalId)
    ? await castVote(context.db, { tenant: person.tenant, voter: person, ...ballot })
    : refused(notFound());
  context.metrics.voted(ballot.vote, ruling);
  if (context.tracing.on) void traceVote(context, person.tenant, ballot, ruling, startedAtMs);
  if (ruling.changed) context.nudgeRelay();
  return ruling;
}

/** Not waited for, and never the voter's concern: the vote is cast. */
async function traceVote(
  { db, logger, tracing }: Context,
  tenant: string,
  ballot: { readonly approvalId: string; readonly vote: Vote['vote'] },
  ruling: Ruling,
  startedAtMs: number,
): Promise<void> {
  try {
    const asked = isId(ballot.approvalId) && (await readTrace(db, tenant, ballot.approvalId));
    if (!asked) return;
    const { trace_id: traceId, operator, plan_id: planId } = asked;
    tracing.record(() => ({
      name: 'vote',
      kind: 'internal',
      trace: planId === null ? { ...newTrace(), traceId } : childOf(planTrace(traceId, { tenant, operator, planId })),
      startedAtMs,
      attributes: {
        'holdpoint.tenant': tenant,
        'holdpoint.operator': operator,
        'holdpoint.approval_id': ballot.approvalId,
        'holdpoint.vote': ballot.vote,
        'holdpoint.result': ruling.kind === 'ruled' ? ruling.approval.status : ruling.error.code,
      },
    }));
  } catch (err) {
    logger.debug({ err }, 'a vote left no span');
  }
}

/** Takes the whole request back: a person may, and the app that asked. */
export async function cancel(
  context: Context,
  principal: Principal,
  approvalId: string,
  reason: string | null,
): Promise<Ruling> {
  if (!isId(approvalId)) return refused(notFound());
  const { tenant } = principal;
  const by: Canceller =
    principal.kind === 'person'
      ? { ...principal, admin: principal.scopes.has('admin') || principal.scopes.has('platform') }
      : { kind: 'requester', principal: principal.principal };
  const ruling = await cancelApproval(context.db, { tenant, approvalId, by, reason });
  if (ruling.kind === 'ruled') context.metrics.cancelled();
  if (ruling.changed) context.nudgeRelay();
  return ruling;
}

export async function withdraw(context: Context, person: PersonPrincipal, approvalId: string): Promise<Ruling> {
  if (!isId(approvalId)) return refused(notFound());
  const ruling = await withdrawVote(context.db, { tenant: person.tenant, approvalId, voter: person });
  if (ruling.kind === 'ruled' && ruling.changed) context.metrics.tookBack();
  if (ruling.changed) context.nudgeRelay();
  return ruling;
}

export async function comment(
  context: Context,
  person: PersonPrincipal,
  approvalId: string,
  text: string,
): Promise<Ruling> {
  if (!isId(approvalId)) return refused(notFound());
  const ruling = await addComment(context.db, { tenant: person.tenant, approvalId, person, text });
  if (ruling.kind === 'ruled') context.metrics.commented();
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
