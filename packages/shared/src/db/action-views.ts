import type { Decision } from '../domain/action.ts';
import { type ActionState, isTerminal } from '../domain/lifecycle.ts';
import { OUTCOMES, type Outcome } from '../domain/outcome.ts';
import type { ActionRow } from './schema/actions.ts';

/** The decision in a row, in the state it stands in now. */
export function toDecision(row: ActionRow): Decision {
  return {
    action_id: row.id,
    plan_id: row.plan_id,
    index: row.index,
    decision: row.decision,
    reasons: row.reasons,
    matched: row.matched,
    policy_version: row.policy_version,
    ...(row.escalation && { escalation: row.escalation }),
    state: row.state,
    ...(row.duplicate_of && { duplicate_of: row.duplicate_of }),
    ...(row.approval_id && { approval_id: row.approval_id }),
    at: row.decided_at.toISOString(),
  };
}

/** How an action ended; where it is a duplicate, how its original did. */
export interface EndOfOriginal {
  readonly end_state: ActionState;
  readonly end_result: unknown;
  readonly end_error: string | null;
  readonly end_at: Date;
}

/** What became of it, or undefined while that is open. Indeterminate is known: nothing more comes by itself. */
export function toOutcome(
  row: Pick<ActionRow, 'id' | 'plan_id' | 'index' | 'state' | 'decision' | 'attempts' | 'duplicate_of'> & EndOfOriginal,
): Outcome | undefined {
  if (!isTerminal(row.end_state) && row.end_state !== 'indeterminate') return undefined;
  const outcome = OUTCOMES.find((name) => name === row.state);
  if (!outcome) return undefined;
  return {
    action_id: row.id,
    plan_id: row.plan_id,
    index: row.index,
    outcome,
    ok: row.end_state === 'applied',
    ...(row.end_result !== null && { result: row.end_result }),
    ...(row.end_error !== null && { error: row.end_error }),
    decision: row.decision,
    attempts: row.attempts,
    ...(row.duplicate_of && { duplicate_of: row.duplicate_of }),
    at: row.end_at.toISOString(),
  };
}
