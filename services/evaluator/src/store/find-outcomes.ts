import { type EndOfOriginal, toOutcome } from '@holdpoint/shared/db/action-views';
import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Outcome } from '@holdpoint/shared/domain/outcome';
import { type Kysely, sql } from 'kysely';

/** What is known of a plan's actions, and whether anything may still come by itself. */
export interface PlanProgress {
  readonly outcomes: readonly Outcome[];
  /** Every action has ended, is held for people, or is indeterminate, which people settle. */
  readonly settled: boolean;
}

/** Of a plan, or of one action of it; a duplicate's outcome is its original's. No lock. */
export async function findOutcomes(db: Kysely<Database>, planRowId: string, actionId?: string): Promise<PlanProgress> {
  const one = actionId === undefined ? sql`` : sql`AND a.id = ${actionId}::uuid`;
  const { rows } = await sql<ActionRow & EndOfOriginal>`
    SELECT a.*, o.state AS end_state, o.result AS end_result, o.error AS end_error, o.updated_at AS end_at
    FROM actions a JOIN actions o ON o.id = coalesce(a.duplicate_of, a.id)
    WHERE a.plan = ${planRowId}::uuid ${one} ORDER BY a.index`.execute(db);
  const outcomes = rows.map(toOutcome);
  return {
    outcomes: outcomes.filter((outcome) => outcome !== undefined),
    settled: rows.every(({ end_state }, index) => outcomes[index] !== undefined || end_state === 'held'),
  };
}
