import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

export interface DueAction {
  readonly id: string;
  readonly tenant: string;
  readonly connector: string;
  /** Null: a read. */
  readonly lane_id: number | null;
  readonly entity_key: string | null;
  /** As text, for a Date would lose microseconds. */
  readonly due_at: string;
}

export const DUE_FROM_START = { due_at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

/** Backing-off actions whose time has come, in order of that time. No lock. */
export async function findDue(
  db: Kysely<Database>,
  after: Pick<DueAction, 'due_at' | 'id'>,
  limit: number,
): Promise<DueAction[]> {
  const { rows } = await sql<DueAction>`
    SELECT a.id, a.tenant, a.connector, a.lane_id, a.entity_key, a.next_attempt_at::text AS due_at FROM actions a
    WHERE a.state = 'queued' AND a.next_attempt_at IS NOT NULL AND a.next_attempt_at <= clock_timestamp()
      AND (a.next_attempt_at, a.id) > (${after.due_at}::timestamptz, ${after.id}::uuid)
      AND NOT action_frozen(a.tenant, a.operator, a.connector, a.tool)
    ORDER BY a.next_attempt_at, a.id LIMIT ${limit}::int`.execute(db);
  return rows;
}
