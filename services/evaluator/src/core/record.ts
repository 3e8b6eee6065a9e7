import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import { BLOCKED_ERROR } from '@holdpoint/shared/domain/decision';
import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import { type ActionState, LANE_STATES } from '@holdpoint/shared/domain/lifecycle';
import { approvalSubject } from '@holdpoint/shared/messages/subjects';
import { grantedInAdvance, useReceipts } from './advance-approval.ts';
import { askOf, type NewApproval, toApproval, UNDECIDED } from './approval-request.ts';
import { type Placed, reservationsOf } from './claims.ts';
import { type DecidedItem, decisionFacts } from './decision-facts.ts';
import type { ScoredPlan } from './scored.ts';

/** A line with its id and where its story begins. */
export interface PlacedLine {
  readonly actionId: string;
  readonly placed: Placed;
  /** Set where the line joins a lane. */
  readonly lane?: { readonly id: number; readonly seq: number };
}

/** A row of `actions`, as JSON: what `insert-actions` writes. */
export interface NewAction {
  readonly id: string;
  readonly plan: string;
  readonly plan_id: string;
  readonly index: number;
  readonly tenant: string;
  readonly operator: string;
  readonly connector: string;
  readonly tool: string;
  readonly risk: string | null;
  readonly args: unknown;
  readonly value: number | null;
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
  readonly entity: EntitySnapshot | null;
  readonly proposed: unknown;
  readonly proposed_digest: string;
  readonly digest: string;
  readonly decision: string;
  readonly reasons: unknown;
  readonly matched: unknown;
  readonly policy_version: string;
  readonly escalation: unknown;
  readonly decided_at: string;
  readonly state: ActionState;
  readonly duplicate_of: string | null;
  readonly approval_id: string | null;
  readonly lane_id: number | null;
  readonly lane_seq: number | null;
  readonly expires_at: string | null;
  readonly authorised_at: string | null;
  readonly error: string | null;
  readonly agent: string | null;
  readonly on_behalf_of: string | null;
  readonly event_id: string | null;
  readonly trace_id: string;
  readonly reserves: boolean;
}

/** All that one plan's decision writes. */
export interface PlanRecord {
  readonly actions: readonly NewAction[];
  readonly approvals: readonly NewApproval[];
  readonly receipts: readonly NewReceipt[];
  readonly facts: readonly OutboxMessage[];
  /** Actions whose outcome is known with the decision. */
  readonly ended: readonly string[];
  readonly items: readonly DecidedItem[];
}

export function recordPlan(
  scored: ScoredPlan,
  planRowId: string,
  lines: readonly PlacedLine[],
  newId: () => string,
): PlanRecord {
  const drafts = lines.map((line, index) => draftLine(scored, planRowId, line, index, newId));
  const items = drafts.map((draft) => draft.item);
  const approvals = drafts.flatMap((draft) => draft.approval ?? []);
  const { tenant, operator, plan, traceId } = scored.proposal;
  return {
    actions: drafts.map((draft) => draft.action),
    approvals,
    receipts: drafts.flatMap((draft) => draft.receipts),
    facts: [
      ...decisionFacts({ tenant, operator, planId: plan.plan_id, traceId }, items, newId),
      ...approvals.map((approval) => openedFact(approval, newId())),
    ],
    ended: lines.filter(({ placed }) => endsAtOnce(placed)).map(({ actionId }) => actionId),
    items,
  };
}

/** The fact that people are asked, or that they need not be; written with every approval that opens. */
export function openedFact(approval: NewApproval, id: string): OutboxMessage {
  const fact = approval.status === 'pending' ? 'requested' : approval.status;
  return { subject: approvalSubject(approval.tenant, fact, approval.operator), id, body: toApproval(approval) };
}

/** A blocked line is over; so is a duplicate whose original has ended: nothing later will announce it. */
function endsAtOnce(placed: Placed): boolean {
  if (placed.state === 'blocked') return true;
  const running: readonly ActionState[] = [...LANE_STATES, 'held', 'rescore'];
  return (
    placed.state === 'duplicate' &&
    (placed.originalState === 'indeterminate' || !running.includes(placed.originalState))
  );
}

interface Draft {
  readonly action: NewAction;
  readonly approval: NewApproval | undefined;
  readonly receipts: readonly NewReceipt[];
  readonly item: DecidedItem;
}

function draftLine(
  scored: ScoredPlan,
  planRowId: string,
  placedLine: PlacedLine,
  index: number,
  newId: () => string,
): Draft {
  const { tenant, operator, plan, traceId } = scored.proposal;
  const { actionId, placed, lane } = placedLine;
  const { line, state } = placed;
  const { verdict } = line;
  const known = scored.entities?.[index];
  const asks = verdict.escalation !== undefined && state !== 'blocked' && state !== 'duplicate';
  const approvalId = asks ? newId() : null;
  const duplicateOf = placed.state === 'duplicate' ? placed.duplicateOf : null;
  const target = {
    connector: line.connector,
    tool: line.tool,
    entity_key: line.entityKey,
    idempotency_key: line.idempotencyKey,
  };
  const who = {
    tenant,
    operator,
    agent: plan.agent?.id ?? null,
    on_behalf_of: plan.agent?.on_behalf_of ?? null,
    trace_id: traceId,
  };
  const decided = {
    decision: verdict.decision,
    reasons: [...verdict.reasons],
    matched: [...verdict.matched],
    policy_version: verdict.policy_version,
  };
  const action: NewAction = {
    ...who,
    ...target,
    ...decided,
    id: actionId,
    plan: planRowId,
    plan_id: plan.plan_id,
    index,
    risk: line.risk,
    args: line.args ?? {},
    value: line.value,
    entity: known?.ok ? known.snapshot : null,
    proposed: line.proposed ?? null,
    proposed_digest: line.proposedDigest,
    digest: line.digest,
    escalation: verdict.escalation ?? null,
    decided_at: verdict.at,
    state,
    duplicate_of: duplicateOf,
    approval_id: approvalId,
    lane_id: lane?.id ?? null,
    lane_seq: lane?.seq ?? null,
    expires_at: plan.expires_at ?? null,
    authorised_at: state === 'queued' ? verdict.at : null,
    error: state === 'blocked' ? BLOCKED_ERROR : null,
    event_id: plan.event_id ?? null,
    reserves: reservationsOf(placed).length > 0,
  };
  const receipt: NewReceipt = {
    ...who,
    ...target,
    ...decided,
    id: newId(),
    kind: 'decision',
    plan: planRowId,
    action: actionId,
    event: plan.event_id ?? null,
    actor: 'evaluator',
    digest: line.digest,
    outcome: state,
    error: action.error,
    attempt: 0,
  };
  const item: DecidedItem = {
    ...target,
    ...decided,
    action_id: actionId,
    plan_id: plan.plan_id,
    index,
    ...(verdict.escalation && { escalation: verdict.escalation }),
    state,
    ...(duplicateOf !== null && { duplicate_of: duplicateOf }),
    ...(approvalId !== null && { approval_id: approvalId }),
    at: verdict.at,
    lane_id: action.lane_id,
  };
  const approval = approvalOf(scored, placedLine, approvalId);
  const cover = placed.state === 'queued' && placed.cover;
  const uses = approval && cover ? useReceipts(receipt, approval, cover, newId) : [];
  return { action, receipts: [receipt, ...uses], item, approval };
}

function approvalOf(scored: ScoredPlan, { actionId, placed }: PlacedLine, id: string | null): NewApproval | undefined {
  const { line } = placed;
  const { escalation, at } = line.verdict;
  if (id === null || escalation === undefined) return undefined;
  const { tenant, operator, plan, requester, traceId } = scored.proposal;
  const subject = `${line.connector} ${line.tool}`;
  const question: NewApproval = {
    ...UNDECIDED,
    id,
    tenant,
    action: actionId,
    plan_id: plan.plan_id,
    digest: line.digest,
    connector: line.connector,
    tool: line.tool,
    args: line.shownArgs,
    value: line.value,
    entity_key: line.entityKey,
    risk: line.risk,
    ...askOf(escalation, line.risk, subject, Date.parse(at)),
    subject,
    operator,
    agent: plan.agent?.id ?? null,
    on_behalf_of: plan.agent?.on_behalf_of ?? null,
    session_id: plan.agent?.session_id ?? null,
    requester,
    requirements: escalation.requirements,
    trace_id: traceId,
  };
  return placed.state === 'queued' && placed.cover ? grantedInAdvance(question, placed.cover) : question;
}
