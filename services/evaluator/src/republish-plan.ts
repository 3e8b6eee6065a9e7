import { toDecision } from '@holdpoint/shared/db/action-views';
import { writeOutbox } from '@holdpoint/shared/db/outbox';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Context } from './context.ts';
import type { DecidedPlan } from './core/decided-plan.ts';
import { type DecidedItem, decisionFacts, decisionOf } from './core/decision-facts.ts';
import { announceKnownOutcomes } from './store/announce-known-outcomes.ts';
import { findActions, type KnownPlan } from './store/find-plans.ts';

/** A plan proposed again is never scored again: its decisions, and the outcomes that are known, are published once more. */
export async function republishPlan(context: Context, plan: KnownPlan): Promise<DecidedPlan> {
  const actions = await findActions(context.db, plan.id);
  const items = actions.map(toItem);
  const { tenant, operator, plan_id: planId } = plan;
  const traceId = actions[0]?.trace_id ?? null;
  await context.db.transaction().execute(async (tx) => {
    await writeOutbox(tx, decisionFacts({ tenant, operator, planId, traceId }, items, context.newId));
    await announceKnownOutcomes(tx, plan.id);
  });
  context.relay.nudge();
  return { id: plan.id, planId, decisions: items.map(decisionOf) };
}

/** An action's decision of record, as the wire carries it: the state its decision gave it, wherever it has gone since. */
export function toItem(row: ActionRow): DecidedItem {
  return {
    ...toDecision(row),
    state: decidedState(row),
    connector: row.connector,
    tool: row.tool,
    entity_key: row.entity_key,
    idempotency_key: row.idempotency_key,
    lane_id: row.lane_id,
  };
}

function decidedState(row: ActionRow): DecidedItem['state'] {
  if (row.decision === 'BLOCK') return 'blocked';
  if (row.duplicate_of !== null) return 'duplicate';
  const covered = row.reasons.some(({ code }) => code === 'standing_grant');
  return row.escalation?.mode === 'hold' && !covered ? 'held' : 'queued';
}
