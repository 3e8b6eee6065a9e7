import { readApprovals } from '@holdpoint/shared/db/approval-views';
import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { type NewReceipt, writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Reason } from '@holdpoint/shared/domain/decision';
import type { TrustDecision } from '@holdpoint/shared/domain/policy';
import { type ApprovalFact, type ApprovalNews, approvalSubject } from '@holdpoint/shared/messages/subjects';
import { newId } from '@holdpoint/shared/runtime/ids';
import { formatTraceparent, newTrace, TRACEPARENT, type Trace } from '@holdpoint/shared/runtime/trace';
import { planTrace } from '@holdpoint/shared/runtime/tracing';
import { sql, type Transaction } from 'kysely';
import { notFound, type Ruling, refused } from '../core/ruling.ts';

/** What happened to some approvals, and by whom. */
export interface Step {
  readonly ids: readonly string[];
  readonly facts: readonly (ApprovalNews | 'ended')[];
  readonly actor: string;
  /** What was done, for the receipt: `approve`, `expire`. */
  readonly deed: string;
  /** What the person said. */
  readonly comment: string | null;
  /** What else its receipt is to say, by approval. */
  readonly notes?: ReadonlyMap<string, string>;
  /** Actions that moved with it. */
  readonly moved: ReadonlySet<string>;
}

/**
 * Writes a receipt for each approval of the step and leaves its facts in the outbox, as it now stands in this transaction.
 * Takes no lock. Returns the approvals as they now are.
 */
export async function recordStep(tx: Transaction<Database>, step: Step): Promise<Approval[]> {
  const approvals = (await readApprovals(tx, step.ids)).map(({ approval }) => approval);
  const contexts = await readContexts(tx, step.ids);
  const receipts: NewReceipt[] = [];
  const messages: OutboxMessage[] = [];
  for (const approval of approvals) {
    const context = contexts.get(approval.id);
    const receipt = receiptOf(step, approval, context);
    receipts.push(receipt);
    messages.push(...messagesOf(step, approval, receipt.id, traceOf(approval, context?.trace_id ?? null)));
  }
  await writeReceipts(tx, receipts);
  await writeOutbox(tx, messages);
  return approvals;
}

/** The answer to a request that changes nothing: what is. */
export async function presentApproval(tx: Transaction<Database>, id: string): Promise<Ruling> {
  const [read] = await readApprovals(tx, [id]);
  return read ? { kind: 'ruled', approval: read.approval, changed: false } : refused(notFound());
}

/** What a receipt says of the action behind an approval. */
interface Context {
  readonly id: string;
  readonly trace_id: string | null;
  readonly plan: string | null;
  readonly event_id: string | null;
  readonly idempotency_key: string | null;
  readonly decision: TrustDecision | null;
  readonly policy_version: string | null;
  readonly state: string | null;
  readonly attempts: number | null;
}

async function readContexts(tx: Transaction<Database>, ids: readonly string[]): Promise<Map<string, Context>> {
  const { rows } = await sql<Context>`
    SELECT p.id, p.trace_id, a.plan, a.event_id, a.idempotency_key, a.decision, a.policy_version, a.state, a.attempts
    FROM approvals p LEFT JOIN actions a ON a.id = p.action WHERE p.id = ANY (${ids}::uuid[])`.execute(tx);
  return new Map(rows.map((row) => [row.id, row]));
}

function receiptOf(step: Step, approval: Approval, context: Context | undefined): NewReceipt {
  const moved = approval.action_id !== null && step.moved.has(approval.action_id);
  const ended = step.facts.includes('ended') ? approval.status : null;
  const said = [step.notes?.get(approval.id), step.comment].flatMap((text) => (text ? [reason(text)] : []));
  return {
    id: newId(),
    tenant: approval.tenant,
    kind: 'approval',
    plan: context?.plan ?? null,
    action: approval.action_id,
    event: context?.event_id ?? null,
    operator: approval.operator,
    agent: approval.agent,
    on_behalf_of: approval.on_behalf_of,
    actor: step.actor,
    connector: approval.connector,
    tool: approval.tool,
    entity_key: approval.entity_key,
    idempotency_key: context?.idempotency_key ?? null,
    digest: approval.digest,
    decision: context?.decision ?? null,
    reasons: [reason(`${step.deed}: approval ${approval.id} is ${approval.status}`), ...said],
    policy_version: context?.policy_version ?? null,
    outcome: moved ? (context?.state ?? null) : ended,
    attempt: context?.attempts ?? null,
    trace_id: context?.trace_id ?? null,
  };
}

function reason(message: string): Reason {
  return { code: 'escalated', message };
}

function traceOf({ tenant, operator, plan_id: planId }: Approval, traceId: string | null): Trace | undefined {
  if (traceId === null) return undefined;
  return planId === null ? { ...newTrace(), traceId } : planTrace(traceId, { tenant, operator, planId });
}

function messagesOf(step: Step, approval: Approval, receiptId: string, trace: Trace | undefined): OutboxMessage[] {
  const headers = trace && { [TRACEPARENT]: formatTraceparent(trace) };
  return step.facts.map((fact) => {
    const ended = fact === 'ended';
    // A vote is told as it fell: what it led to is the next message, and consumers dedupe by id and status.
    const asked = !ended && fact !== 'commented';
    const body = asked ? ({ ...approval, status: 'pending', decided_at: null } satisfies Approval) : approval;
    return {
      subject: approvalSubject(approval.tenant, ended ? endingOf(approval) : fact, approval.operator),
      id: ended ? receiptId : `${receiptId}.${fact}`,
      ...(headers && { headers }),
      body,
    };
  });
}

function endingOf({ id, status }: Approval): ApprovalFact {
  if (status === 'pending') throw new Error(`approval ${id} was to end and is pending`);
  return status;
}
