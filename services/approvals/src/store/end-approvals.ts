import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import { ACTION_AFTER, type Ending } from '../core/ruling.ts';

/**
 * Ends approvals that this transaction has locked and found pending, and moves their held actions. Locks the action rows, in
 * order of id. An action that is held no more (a person cancelled it meanwhile) is left as it is, and its approval is
 * cancelled whatever was meant for it. In mode `alongside` no action is touched. Returns the actions that moved.
 */
export async function endApprovals(
  tx: Transaction<Database>,
  ids: readonly string[],
  ending: Ending,
  actionError: string | null,
): Promise<ReadonlySet<string>> {
  const moved = await moveHeldActions(tx, ids, ending, actionError);
  await sql`
    UPDATE approvals p SET decided_at = clock_timestamp(),
      status = CASE WHEN p.mode = 'hold' AND p.action IS NOT NULL AND NOT p.action = ANY (${moved}::uuid[])
        THEN 'cancelled' ELSE ${ending} END
    WHERE p.id = ANY (${ids}::uuid[]) AND p.status = 'pending'`.execute(tx);
  // A statement of its own, after the one that moved them: see the function.
  if (ending !== 'granted' && moved.length > 0) await sql`SELECT announce_outcomes(${moved}::uuid[])`.execute(tx);
  return new Set(moved);
}

async function moveHeldActions(
  tx: Transaction<Database>,
  ids: readonly string[],
  ending: Ending,
  error: string | null,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    WITH locked AS MATERIALIZED (
      SELECT a.id FROM approvals p JOIN actions a ON a.id = p.action
      WHERE p.id = ANY (${ids}::uuid[]) AND p.mode = 'hold' ORDER BY a.id FOR UPDATE OF a
    )
    UPDATE actions a SET state = ${ACTION_AFTER[ending]}, error = ${error}, updated_at = clock_timestamp()
    FROM locked l WHERE a.id = l.id AND a.state = 'held'
    RETURNING a.id`.execute(tx);
  return rows.map(({ id }) => id);
}
