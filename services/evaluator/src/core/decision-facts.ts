import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import type { Decision } from '@holdpoint/shared/domain/action';
import { DECISIONS } from '@holdpoint/shared/domain/policy';
import type { DecisionsFact } from '@holdpoint/shared/messages/facts';
import { decisionSubject } from '@holdpoint/shared/messages/subjects';

/** A decision with what its action touches: what the wire carries. */
export type DecidedItem = DecisionsFact['items'][number];

/** One message for the lines of a plan with the same decision: a message a line costs a third of the throughput. */
export function decisionFacts(
  plan: {
    readonly tenant: string;
    readonly operator: string;
    readonly planId: string;
    /** Of the request or message that proposed; the facts go on under it. */
    readonly traceId: string | null;
  },
  items: readonly DecidedItem[],
  newId: () => string,
): OutboxMessage[] {
  return DECISIONS.flatMap((decision) => {
    const same = items.filter((item) => item.decision === decision);
    if (same.length === 0) return [];
    const id = newId();
    const body: DecisionsFact = { id, tenant: plan.tenant, operator: plan.operator, plan_id: plan.planId, items: same };
    const subject = decisionSubject(plan.tenant, decision, plan.operator);
    return [{ subject, id, ...(plan.traceId && { headers: { traceparent: traceparent(plan.traceId, id) } }), body }];
  });
}

/** The decision alone, as HTTP answers it. */
export function decisionOf(item: DecidedItem): Decision {
  const { connector: _c, tool: _t, entity_key: _e, idempotency_key: _i, lane_id: _l, ...decision } = item;
  return decision;
}

/** A span of the plan's trace, named after the fact itself: the same fact is the same span. */
function traceparent(traceId: string, factId: string): string {
  return `00-${traceId}-${factId.replaceAll('-', '').slice(-16)}-01`;
}
