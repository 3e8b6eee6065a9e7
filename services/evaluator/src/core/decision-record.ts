import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { DecisionRecord, RecordedApproval } from '@holdpoint/shared/domain/decision-record';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { lineOf } from './rescore.ts';
import { showLine } from './shown-line.ts';

/** An action as it was recorded, with the event behind its plan and what people were asked. */
export interface RecordedAction {
  readonly action: ActionRow;
  readonly env: EventEnvelope;
  readonly approvals: readonly RecordedApproval[];
}

/** `secretArgs`: of the action's tool; undefined where no such tool is known. */
export function toDecisionRecord(
  { action, env, approvals }: RecordedAction,
  secretArgs: readonly string[] | undefined,
): DecisionRecord {
  const shown = showLine(lineOf(action), secretArgs);
  const refused = action.reasons.some(({ code }) => code === 'invalid_action');
  return {
    action_id: action.id,
    plan_id: action.plan_id,
    index: action.index,
    operator: action.operator,
    ...(action.event_id !== null && { event_id: action.event_id }),
    proposed_at: action.created_at.toISOString(),
    connector: action.connector,
    tool: action.tool,
    risk: action.risk,
    value: action.value,
    entity_key: action.entity_key,
    env: { ...env },
    ...(action.entity && { entity: action.entity }),
    line: shown.line,
    whole: !refused || action.proposed !== null,
    masked: [...shown.masked],
    ...(action.erased_at && { erased_at: action.erased_at.toISOString() }),
    verdict: {
      decision: action.decision,
      reasons: action.reasons,
      matched: action.matched,
      policy_version: action.policy_version,
      ...(action.escalation && { escalation: action.escalation }),
      at: action.decided_at.toISOString(),
    },
    state: action.state,
    ...(action.duplicate_of !== null && { duplicate_of: action.duplicate_of }),
    approvals: [...approvals],
  };
}
