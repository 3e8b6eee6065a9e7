import { explainVerdict } from '@holdpoint/policy/explain/explain';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { ReasonCode } from '@holdpoint/shared/domain/decision';
import { READ_DIFFERENTLY } from '@holdpoint/shared/domain/decision-record';
import type { ActionExplanation } from '@holdpoint/shared/domain/explanation';

/** What is known before any policy is asked, or only while it is recorded: asking the rules again would not tell. */
const NOT_BY_RULES: readonly ReasonCode[] = [
  'plan_expired',
  'event_not_found',
  'event_not_granted',
  'idempotency_conflict',
  'limit_exceeded',
  'denied',
  'unverified_on_behalf_of',
  'duplicate',
];

/** Whether the rules decided it, on facts that are still there. */
export function isByRules({ reasons, erased_at }: Pick<ActionRow, 'reasons' | 'erased_at'>): boolean {
  if (erased_at !== null) return false;
  return !reasons.some(({ code, message }) => NOT_BY_RULES.includes(code) || message === READ_DIFFERENTLY);
}

/** `now`: the action scored with an explanation under the rules that are loaded; undefined where they were not asked. */
export function explainAction(action: ActionRow, version: string, now: ScoredLine | undefined): ActionExplanation {
  const { decision, reasons, matched, policy_version, state, escalation, duplicate_of } = action;
  const explanation = now?.explanation;
  const recorded = explainVerdict({ decision, reasons, ...(escalation && { escalation }) });
  // The rules say that it is held, and know nothing of a grant in advance.
  const advance = reasons.some(({ code }) => code === 'standing_grant');
  return {
    action_id: action.id,
    recorded: {
      decision,
      reasons,
      matched,
      policy_version,
      ...(escalation && { escalation }),
      state,
      ...(duplicate_of !== null && { duplicate_of }),
      at: action.decided_at.toISOString(),
    },
    ...(action.entity && { entity: action.entity }),
    same_policies: policy_version === version,
    basis: explanation ? 'rules' : 'record',
    explanation: explanation ? { ...explanation, ...(advance && { sentence: recorded.sentence }) } : recorded,
  };
}
