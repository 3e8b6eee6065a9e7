import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { PlanRow } from '@holdpoint/shared/db/schema/plans';
import type { Around } from '@holdpoint/shared/domain/action';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import { type Kysely, sql } from 'kysely';

const AHEAD_MAX = 100;
const DUPLICATES_MAX = 20;

/** What stands around an action. A few looks by index, however long its lane is. No lock. */
export async function readAround(db: Kysely<Database>, row: ActionRow): Promise<Around> {
  const [plan, ahead, duplicates] = await Promise.all([
    db.selectFrom('plans').selectAll().where('id', '=', row.plan).executeTakeFirstOrThrow(),
    readAhead(db, row),
    db
      .selectFrom('actions')
      .select(['id', 'operator', 'created_at'])
      .where('duplicate_of', '=', row.id)
      .orderBy('id')
      .limit(DUPLICATES_MAX)
      .execute(),
  ]);
  const [head] = ahead;
  return {
    plan: row.plan,
    risk: row.risk,
    proposed_at: plan.created_at.toISOString(),
    requester: plan.requester,
    agent: plan.agent,
    on_behalf_of: plan.on_behalf_of,
    session_id: plan.session_id,
    trace_id: row.trace_id,
    event: eventOf(plan),
    updated_at: row.updated_at.toISOString(),
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    unsure: row.unsure,
    lane: head ? { head: head.id, head_state: head.state, ahead: ahead.length - 1 } : null,
    duplicates: duplicates.map(({ id, operator, created_at: at }) => ({
      action_id: id,
      operator,
      at: at.toISOString(),
    })),
  };
}

/** Its lane up to itself. */
async function readAhead(
  db: Kysely<Database>,
  { lane_id: lane, lane_seq: seq, state }: ActionRow,
): Promise<{ id: string; state: ActionState }[]> {
  if (lane === null || seq === null || !['queued', 'running', 'indeterminate'].includes(state)) return [];
  const { rows } = await sql<{ id: string; state: ActionState }>`
    SELECT id, state FROM actions
    WHERE lane_id = ${lane} AND lane_seq <= ${seq} AND state IN ('queued', 'running', 'indeterminate') AND lane_seq IS NOT NULL
    ORDER BY lane_seq LIMIT ${AHEAD_MAX + 1}::int`.execute(db);
  return rows;
}

function eventOf({ event_id: id, env }: PlanRow): Around['event'] {
  if (id === null) return null;
  const { source, type, time, subject, signed } = env;
  return { id, source, type, time: time ?? null, subject: subject ?? null, signed };
}
