import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { PreparedLine } from './prepare.ts';

/** An action as conditions and hooks are shown it. What is absent stays absent, for `has(action.value)` and `'value' in action`. */
export function plannedAction({
  connector,
  tool,
  args,
  value,
  entity_key,
  idempotency_key,
}: PreparedLine): PlannedAction {
  return {
    connector,
    tool,
    args: args as PlannedAction['args'],
    ...(value === null ? {} : { value }),
    ...(entity_key === null ? {} : { entity_key }),
    ...(idempotency_key === null ? {} : { idempotency_key }),
  };
}
