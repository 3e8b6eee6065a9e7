import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { HeadsOfConnector } from './find-oldest-heads.ts';
import { headOfLane, waitsSince, whyItWaits } from './lane-head.ts';

const LANES_MAX = 500;

export interface OldestHead extends Pick<HeadsOfConnector, 'connector' | 'why' | 'action_id'> {
  /** As long as it has waited; running or indeterminate, since it is. */
  readonly seconds: number;
}

/**
 * The head of a tenant's lane that has waited longest, of the lanes that have been there longest, and why it does not move on.
 * Walks the lane index from head to head, so many lanes at most; only the one that is found is asked why. No lock.
 */
export async function findOldestHead(db: Kysely<Database>, tenant: string): Promise<OldestHead | undefined> {
  const { rows } = await sql<OldestHead>`
    WITH walked AS MATERIALIZED (
      SELECT s.lane_id FROM executor_sweep_lanes(0, ${LANES_MAX}::int, 0) s WHERE s.tenant = ${tenant}
    ), heads AS MATERIALIZED (
      SELECT a.*, ${waitsSince} AS since FROM walked w CROSS JOIN LATERAL (${headOfLane}) a
    ), oldest AS MATERIALIZED (
      SELECT * FROM heads ORDER BY since LIMIT 1
    )
    SELECT a.id AS action_id, a.connector, extract(epoch FROM clock_timestamp() - a.since)::float8 AS seconds,
      ${whyItWaits} AS why
    FROM oldest a`.execute(db);
  return rows[0];
}
