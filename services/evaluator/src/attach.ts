import { toDecision } from '@holdpoint/shared/db/action-views';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Decision } from '@holdpoint/shared/domain/action';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { Digest } from '@holdpoint/shared/domain/ids';
import type { Outcome } from '@holdpoint/shared/domain/outcome';
import type { ExecutionPlan } from '@holdpoint/shared/domain/plan';
import type { AwaitOutcomes } from './await-outcomes.ts';
import type { Context } from './context.ts';
import { refuseAttached } from './core/attached.ts';
import { findAsked } from './store/find-asked.ts';
import { readNow } from './store/read-now.ts';

/** A call that comes back with its approval: a plan of one line. */
export interface Attachment {
  /** Whose places it waits in. */
  readonly caller: string;
  readonly tenant: string;
  readonly operator: string;
  readonly approvalId: string;
  readonly plan: ExecutionPlan;
  readonly waitMs: number;
}

export interface Attached {
  /** Of the plan that was asked about. */
  readonly id: string;
  readonly plan_id: string;
  readonly decisions: Decision[];
  readonly outcomes: Outcome[];
}

/**
 * Answers a call by what became of the action that its approval is about; records nothing and executes nothing. Whether it is
 * the same call goes by what was proposed, as sameness does everywhere: what hooks make of it may differ by the moment.
 * @throws {HoldpointError} NOT_FOUND; IDEMPOTENCY_CONFLICT for another call; what people said, where they have not agreed
 */
export async function attach(context: Context, awaitOutcomes: AwaitOutcomes, call: Attachment): Promise<Attached> {
  const { tenant, operator } = call;
  const digest = await proposedDigest(context, call);
  const { id: actionId, plan: id } = await goingOn(context, call, digest);
  const { outcomes } = await awaitOutcomes(call.caller, { id, tenant, operator, actionId }, call.waitMs);
  // What was granted may be held again meanwhile, for more people.
  const action = await goingOn(context, call, digest);
  return { id, plan_id: action.plan_id, decisions: [toDecision(action)], outcomes: [...outcomes] };
}

/** The action as it stands, where people let it go on. */
async function goingOn(context: Context, call: Attachment, digest: Digest): Promise<ActionRow> {
  const { approvalId } = call;
  const asked = await findAsked(context.db, approvalId, call);
  if (asked === undefined) throw new HoldpointError('NOT_FOUND', 'there is no such approval of this operator');
  const { action, status } = asked;
  if (action?.proposed_digest !== digest) {
    throw new HoldpointError('IDEMPOTENCY_CONFLICT', 'the approval is about another call', { approval_id: approvalId });
  }
  const refusal = refuseAttached({ ...action, status }, approvalId);
  if (refusal) throw refusal;
  return action;
}

/** Of the line as its tool parses and derives it; what policies say of it now is not asked for. */
async function proposedDigest(context: Context, { tenant, operator, plan }: Attachment): Promise<Digest> {
  const salt = await context.salts.of(tenant);
  const now = (await readNow(context.db)).toISOString();
  const question = { tenant, operator, salt, lines: plan.actions, now, env: operatorEnvelope(operator) };
  // No plan waits for it.
  const [answer] = await context.scorer.score('aside', async () => [question]);
  const line = answer?.ok ? answer.lines[0] : undefined;
  if (line === undefined) throw new HoldpointError('INTERNAL', 'the call was not scored');
  return line.proposedDigest;
}
