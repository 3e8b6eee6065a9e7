import { toDecision } from '@holdpoint/shared/db/action-views';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Action } from '@holdpoint/shared/domain/action';
import { MASK, maskArgs } from '@holdpoint/shared/domain/secret-args';
import type { Tool } from '@holdpoint/shared/domain/tool';

/** An action as the outside sees it: what its tool calls secret is hidden, and everything where no tool says what is. */
export function toAction(row: ActionRow, tool: Pick<Tool, 'secretArgs'> | undefined): Action {
  return {
    ...toDecision(row),
    connector: row.connector,
    tool: row.tool,
    args: tool ? maskArgs(row.args, tool.secretArgs ?? []) : maskAll(row.args),
    value: row.value,
    entity_key: row.entity_key,
    idempotency_key: row.idempotency_key,
    ...(row.entity && { entity: row.entity }),
    operator: row.operator,
    attempts: row.attempts,
    ...(row.result !== null && { result: row.result }),
    ...(row.error !== null && { error: row.error }),
    ...(row.erased_at && { erased_at: row.erased_at.toISOString() }),
  };
}

function maskAll(args: ActionRow['args']): ActionRow['args'] {
  return Object.fromEntries(Object.keys(args).map((name) => [name, MASK]));
}
