import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

export interface DeadAttempt {
  readonly id: string;
  readonly token: string;
  readonly tenant: string;
  readonly connector: string;
  readonly tool: string;
  readonly attempts: number;
  /** Null: a read. */
  readonly lane_id: number | null;
  /** Since the worker was last heard of, or began the attempt. */
  readonly silent_ms: number;
}

/**
 * Attempts whose worker has not renewed for a lease, or has no row; and those of this living worker under tokens that nobody
 * here holds. None while the database itself has been up for less than a lease: nobody could renew before. No lock: whoever
 * settles one names its token.
 */
export async function findDeadAttempts(
  db: Kysely<Database>,
  query: {
    readonly after: string;
    readonly limit: number;
    readonly leaseMs: number;
    readonly worker: string;
    readonly tokens: readonly string[];
  },
): Promise<DeadAttempt[]> {
  const lease = sql`${query.leaseMs}::int * interval '1 millisecond'`;
  const { rows } = await sql<DeadAttempt>`
    SELECT a.id, a.token, a.tenant, a.connector, a.tool, a.attempts, a.lane_id,
      extract(epoch FROM clock_timestamp() - CASE WHEN a.worker = ${query.worker}::uuid THEN a.started_at
        ELSE greatest(a.started_at, w.heartbeat_at) END)::float8 * 1000 AS silent_ms
    FROM actions a LEFT JOIN workers w ON w.id = a.worker
    WHERE a.state = 'running' AND a.id > ${query.after}::uuid
      AND (w.id IS NULL OR w.heartbeat_at < clock_timestamp() - ${lease}
        OR (a.worker = ${query.worker}::uuid AND a.token <> ALL (${query.tokens}::uuid[])))
      AND a.started_at < clock_timestamp() - ${lease}
      AND pg_postmaster_start_time() < clock_timestamp() - ${lease}
    ORDER BY a.id LIMIT ${query.limit}::int`.execute(db);
  return rows;
}
