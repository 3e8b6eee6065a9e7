import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import { BLOCKED_ERROR, type Reason } from '@holdpoint/shared/domain/decision';
import type { Consent } from '@holdpoint/shared/domain/quorum';
import { grantedInAdvance, useReceipts } from './advance-approval.ts';
import { askOf, type NewApproval, UNDECIDED } from './approval-request.ts';
import { type DecidedItem, decisionFacts } from './decision-facts.ts';
import { openedFact } from './record.ts';
import type { Rescored } from './rescore.ts';

/** An action that waits to be scored again, as far as its record needs it. */
export interface WaitingAction {
  readonly action: ActionRow;
  readonly requester: string;
  readonly sessionId: string | null;
  readonly grantedBy: string | null;
  /** Everybody who agreed to it. */
  readonly consents: readonly Consent[];
}

/** All that scoring one action again writes. */
export interface RescoreRecord {
  readonly row: ActionRow;
  readonly update: {
    readonly state: Rescored['to'];
    readonly decision: string;
    readonly reasons: unknown;
    readonly matched: unknown;
    readonly policy_version: string;
    readonly escalation: unknown;
    readonly decided_at: string;
    readonly approval_id: string | null;
    readonly authorised_at: string | null;
    readonly error: string | null;
    readonly reserves: boolean;
  };
  readonly approval: NewApproval | undefined;
  readonly receipts: readonly NewReceipt[];
  /** Needs the lane that the action joined, which only the transaction knows. */
  facts(laneId: number | null): OutboxMessage[];
}

export function recordRescore(waiting: WaitingAction, outcome: Rescored, newId: () => string): RescoreRecord {
  const { action: row } = waiting;
  const { verdict } = outcome.line;
  const approval = approvalFor(waiting, outcome, newId());
  const shows = outcome.to === 'queued' && verdict.escalation?.mode === 'hold' ? waiting.grantedBy : null;
  const approvalId = approval?.id ?? shows ?? row.approval_id;
  const decided = {
    decision: verdict.decision,
    reasons: [...verdict.reasons, ...keptReasons(row, outcome)],
    matched: [...verdict.matched],
    policy_version: verdict.policy_version,
  };
  const error = outcome.to === 'blocked' ? BLOCKED_ERROR : null;
  const receipt: NewReceipt = {
    ...decided,
    id: newId(),
    tenant: row.tenant,
    kind: 'decision',
    plan: row.plan,
    action: row.id,
    event: row.event_id,
    operator: row.operator,
    agent: row.agent,
    on_behalf_of: row.on_behalf_of,
    actor: 'evaluator',
    connector: row.connector,
    tool: row.tool,
    entity_key: row.entity_key,
    idempotency_key: row.idempotency_key,
    digest: row.digest,
    outcome: outcome.to,
    error,
    attempt: row.attempts,
    trace_id: row.trace_id,
  };
  const uses =
    approval && outcome.to === 'queued' && outcome.cover ? useReceipts(receipt, approval, outcome.cover, newId) : [];
  return {
    row,
    update: {
      ...decided,
      state: outcome.to,
      escalation: verdict.escalation ?? null,
      decided_at: verdict.at,
      approval_id: approvalId,
      authorised_at: outcome.to === 'queued' ? verdict.at : null,
      error,
      reserves: (verdict.reservations?.length ?? 0) > 0,
    },
    approval,
    receipts: [receipt, ...uses],
    facts(laneId) {
      const item: DecidedItem = {
        ...decided,
        action_id: row.id,
        plan_id: row.plan_id,
        index: row.index,
        ...(verdict.escalation && { escalation: verdict.escalation }),
        state: outcome.to,
        ...(approvalId !== null && { approval_id: approvalId }),
        at: verdict.at,
        connector: row.connector,
        tool: row.tool,
        entity_key: row.entity_key,
        idempotency_key: row.idempotency_key,
        lane_id: laneId,
      };
      const plan = { tenant: row.tenant, operator: row.operator, planId: row.plan_id, traceId: row.trace_id };
      return [...decisionFacts(plan, [item], newId), ...(approval ? [openedFact(approval, newId())] : [])];
    },
  };
}

/** By whose grants in advance it was let go on before: that still holds where it goes on by their consent. */
function keptReasons(row: ActionRow, { to, line }: Rescored): Reason[] {
  if (to !== 'queued' || line.verdict.escalation?.mode !== 'hold') return [];
  return row.reasons.filter(({ code }) => code === 'standing_grant');
}

function approvalFor(
  { action: row, requester, sessionId }: WaitingAction,
  outcome: Rescored,
  id: string,
): NewApproval | undefined {
  const { line } = outcome;
  const ask = outcome.to === 'blocked' ? undefined : outcome.ask;
  const { escalation, at } = line.verdict;
  if (!escalation || !ask) return undefined;
  const subject = `${row.connector} ${row.tool}`;
  const question: NewApproval = {
    ...UNDECIDED,
    id,
    tenant: row.tenant,
    action: row.id,
    plan_id: row.plan_id,
    digest: row.digest,
    connector: row.connector,
    tool: row.tool,
    args: line.shownArgs,
    value: row.value,
    entity_key: row.entity_key,
    risk: row.risk,
    ...askOf(escalation, row.risk, subject, Date.parse(at)),
    subject,
    operator: row.operator,
    agent: row.agent,
    on_behalf_of: row.on_behalf_of,
    session_id: sessionId,
    requester,
    requirements: ask,
    trace_id: row.trace_id,
  };
  return outcome.to === 'queued' && outcome.cover ? grantedInAdvance(question, outcome.cover) : question;
}
