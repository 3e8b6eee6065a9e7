import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import { headOfLane, waitsSince, whyItWaits } from './lane-head.ts';

const LANES_MAX = 10_000;

export interface HeadsOfConnector {
  readonly connector: string;
  readonly why: 'queued' | 'backing_off' | 'frozen' | 'unauthorised' | 'indeterminate' | 'running';
  readonly lanes: number;
  /** The one that has waited longest: since it was permitted; running, since it began; indeterminate, since it is. */
  readonly oldest_seconds: number;
  readonly action_id: string;
}

/**
 * Why the heads of lanes do not move on, by connector. Walks the lane index from head to head, so it costs by the lane and not
 * by what waits in it; looks at so many of them, those that have been there longest. No lock.
 */
export async function findOldestHeads(
  db: Kysely<Database>,
  /** Undefined: all. */
  tenant: string | undefined,
): Promise<HeadsOfConnector[]> {
  const { rows } = await sql<HeadsOfConnector>`
    WITH walked AS MATERIALIZED (
      SELECT s.lane_id FROM executor_sweep_lanes(0, ${LANES_MAX}::int, 0) s
    ), heads AS MATERIALIZED (
      SELECT a.id, a.connector, ${whyItWaits} AS why,
        extract(epoch FROM clock_timestamp() - ${waitsSince}) AS seconds
      FROM walked w CROSS JOIN LATERAL (${headOfLane}) a
      WHERE ${tenant ?? null}::text IS NULL OR a.tenant = ${tenant ?? null}::text
    )
    SELECT connector, why, count(*)::int AS lanes, max(seconds)::float8 AS oldest_seconds,
      (array_agg(id ORDER BY seconds DESC))[1] AS action_id
    FROM heads GROUP BY connector, why`.execute(db);
  return rows;
}
