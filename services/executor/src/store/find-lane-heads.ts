import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

export interface LaneHead {
  readonly lane_id: number;
  readonly tenant: string;
  readonly entity_key: string;
  readonly connector: string;
  /** Queued, due and not frozen. */
  readonly runnable: boolean;
}

/** The heads of the lanes after one, in order of lane; as many as asked for, or there are no more. No lock. */
export async function findLaneHeads(
  db: Kysely<Database>,
  query: { readonly after: number; readonly limit: number; readonly minAgeMs: number },
): Promise<LaneHead[]> {
  const { rows } = await sql<LaneHead>`
    SELECT lane_id, tenant, entity_key, connector, runnable
    FROM executor_sweep_lanes(${query.after}::bigint, ${query.limit}::int, ${query.minAgeMs}::int)`.execute(db);
  return rows;
}
