import type { OutboxMessage } from '@holdpoint/shared/db/schema/outbox';
import type { Decision } from '@holdpoint/shared/domain/action';
import { type PlanName, planSpanId } from '@holdpoint/shared/domain/plan-span';
import { DECISIONS } from '@holdpoint/shared/domain/policy';
import type { DecisionsFact } from '@holdpoint/shared/messages/facts';
import { decisionSubject } from '@holdpoint/shared/messages/subjects';

/** A decision with what its action touches: what the wire carries. */
export type DecidedItem = DecisionsFact['items'][number];

/** What a message's items may weigh: below what any NATS server takes by default, with room for what surrounds them. */
const ITEMS_MAX_BYTES = 700 * 1024;

/**
 * One message for the lines of a plan with the same decision: a message a line costs a third of the throughput. Where the
 * reasons of many policies make that too large, several.
 */
export function decisionFacts(
  plan: PlanName & {
    /** Of the request or message that proposed; the facts go on under it. */
    readonly traceId: string | null;
  },
  items: readonly DecidedItem[],
  newId: () => string,
): OutboxMessage[] {
  return DECISIONS.flatMap((decision) => {
    const same = items.filter((item) => item.decision === decision);
    const subject = decisionSubject(plan.tenant, decision, plan.operator);
    return portions(same).map((portion): OutboxMessage => {
      const id = newId();
      const { tenant, operator, planId } = plan;
      const body: DecisionsFact = { id, tenant, operator, plan_id: planId, items: portion };
      return { subject, id, ...(plan.traceId && { headers: { traceparent: traceparent(plan.traceId, plan) } }), body };
    });
  });
}

function portions(items: readonly DecidedItem[]): DecidedItem[][] {
  const found: DecidedItem[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = Buffer.byteLength(JSON.stringify(item));
    if (found.length === 0 || bytes > room) {
      found.push([]);
      room = ITEMS_MAX_BYTES;
    }
    found.at(-1)?.push(item);
    room -= bytes;
  }
  return found;
}

/** The decision alone, as HTTP answers it. */
export function decisionOf(item: DecidedItem): Decision {
  const { connector: _c, tool: _t, entity_key: _e, idempotency_key: _i, lane_id: _l, ...decision } = item;
  return decision;
}

/** What follows from a decision stands under the span in which its plan was decided. */
function traceparent(traceId: string, plan: PlanName): string {
  return `00-${traceId}-${planSpanId(plan)}-01`;
}
