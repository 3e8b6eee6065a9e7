import { toDecision } from '@holdpoint/shared/db/action-views';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Action } from '@holdpoint/shared/domain/action';
import { maskArgs } from '@holdpoint/shared/domain/secret-args';

/** An action as the outside sees it: what stands at `secretArgs` is hidden. */
export function toAction(row: ActionRow, secretArgs: readonly string[]): Action {
  return {
    ...toDecision(row),
    connector: row.connector,
    tool: row.tool,
    args: maskArgs(row.args, secretArgs),
    value: row.value,
    entity_key: row.entity_key,
    idempotency_key: row.idempotency_key,
    operator: row.operator,
    attempts: row.attempts,
    ...(row.result !== null && { result: row.result }),
    ...(row.error !== null && { error: row.error }),
  };
}
