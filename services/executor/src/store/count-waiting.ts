import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Flow } from '@holdpoint/shared/domain/flow';
import { type Kysely, sql } from 'kysely';

/** Of each state, and of all tenants together: what lies beyond is not looked at. */
const LOOKED_MAX = 5_000;

export interface Waiting {
  readonly what: keyof Flow['waiting'];
  readonly count: number;
  /** The look ended at its limit: there are more, of this tenant or of others. */
  readonly at_least: boolean;
  /** The oldest, of approvals. */
  readonly id: string | null;
  readonly oldest_seconds: number | null;
}

/** How many of a tenant's actions and approvals stand where. By the partial indexes on what is open, so history costs nothing. No lock. */
export async function countWaiting(db: Kysely<Database>, tenant: string): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    WITH looked AS MATERIALIZED (
      (SELECT 'held' AS look, 'held' AS what, tenant FROM actions WHERE state = 'held' ORDER BY id LIMIT ${LOOKED_MAX}::int)
      UNION ALL
      (SELECT 'rescore', 'rescore', tenant FROM actions WHERE state = 'rescore' ORDER BY id LIMIT ${LOOKED_MAX}::int)
      UNION ALL
      (SELECT 'unknown', 'indeterminate', tenant FROM actions WHERE state = 'indeterminate' ORDER BY id LIMIT ${LOOKED_MAX}::int)
      UNION ALL
      (SELECT 'running', 'running', tenant FROM actions WHERE state = 'running' ORDER BY worker LIMIT ${LOOKED_MAX}::int)
      UNION ALL
      (SELECT 'reads', 'queued', tenant FROM actions WHERE state = 'queued' AND lane_seq IS NULL ORDER BY id
        LIMIT ${LOOKED_MAX}::int)
      UNION ALL
      (SELECT 'lanes', state, tenant FROM actions
        WHERE state IN ('queued', 'running', 'indeterminate') AND lane_seq IS NOT NULL
        ORDER BY lane_id, lane_seq LIMIT ${LOOKED_MAX}::int)
    ), counted AS (
      SELECT look, what, tenant, count(*) OVER (PARTITION BY look) >= ${LOOKED_MAX}::int AS cut FROM looked
    ), asked AS MATERIALIZED (
      SELECT id, tenant, created_at FROM approvals WHERE status = 'pending' ORDER BY id LIMIT ${LOOKED_MAX}::int
    )
    SELECT what, count(*) FILTER (WHERE tenant = ${tenant})::int AS count, bool_or(cut) AS at_least, NULL AS id,
      NULL::float8 AS oldest_seconds
    FROM counted WHERE what = 'queued' OR look <> 'lanes' GROUP BY what
    UNION ALL
    SELECT 'approvals', count(*) FILTER (WHERE tenant = ${tenant})::int, count(*) >= ${LOOKED_MAX}::int,
      (array_agg(id::text ORDER BY id) FILTER (WHERE tenant = ${tenant}))[1],
      extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE tenant = ${tenant}))::float8
    FROM asked`.execute(db);
  return rows;
}
