import { sql } from 'kysely';

/** The head of the lane of `w`. OFFSET 0: the lane is walked from its head, whatever the planner thinks of it. */
export const headOfLane = sql`
  SELECT * FROM actions a
  WHERE a.lane_id = w.lane_id AND a.state IN ('queued', 'running', 'indeterminate') AND a.lane_seq IS NOT NULL
  ORDER BY a.lane_seq LIMIT 1 OFFSET 0`;

/** Since when a head `a` waits: since it was permitted; running, since it began; indeterminate, since it is. */
export const waitsSince = sql`
  CASE a.state WHEN 'running' THEN a.started_at WHEN 'indeterminate' THEN a.updated_at
    ELSE coalesce(a.authorised_at, a.created_at) END`;

/** Why a head `a` does not move on; `queued`: for nothing that its row knows. What asks other tables is asked only of the few. */
export const whyItWaits = sql`
  CASE
    WHEN a.state <> 'queued' THEN a.state
    WHEN a.next_attempt_at > clock_timestamp() THEN 'backing_off'
    WHEN (SELECT freezes_matter(0)) AND action_frozen(a.tenant, a.operator, a.connector, a.tool) THEN 'frozen'
    WHEN (a.escalation ->> 'mode' = 'hold') IS TRUE AND NOT approval_covers(a.approval_id, a.id, a.digest, a.attempts)
      THEN 'unauthorised'
    ELSE 'queued'
  END`;
