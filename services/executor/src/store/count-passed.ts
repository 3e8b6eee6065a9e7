import type { Database } from '@holdpoint/shared/db/schema/index';
import { FLOW_STEPS } from '@holdpoint/shared/domain/flow';
import { type Kysely, sql } from 'kysely';
import type { Passed, Stretch } from '../core/flow-window.ts';

/**
 * What passed between two seconds, of all tenants: the newest rows by their index on time, at most so many, so that its cost
 * does not grow with history. No lock.
 */
export async function countPassed(
  db: Kysely<Database>,
  { from, until }: { readonly from: number; readonly until: number },
  /** Of receipts, and of plans: a second in which more passes is counted short. */
  rowsMax: number,
): Promise<Stretch> {
  const { rows } = await sql<Passed & { rows: number }>`
    WITH looked AS MATERIALIZED (
      (SELECT r.at, r.tenant, CASE r.kind
          WHEN 'webhook_received' THEN 'event'
          WHEN 'decision' THEN lower(r.decision)
          WHEN 'intent' THEN 'begun'
          WHEN 'approval' THEN CASE
            WHEN r.outcome = 'rescore' THEN 'granted'
            -- Consent that is given for later passes nothing yet.
            WHEN r.action IS NULL AND r.reasons @> '[{"code": "standing_grant"}]' THEN NULL
            ELSE r.outcome END
          WHEN 'outcome' THEN CASE r.outcome WHEN 'queued' THEN 'retried' ELSE r.outcome END
          WHEN 'settlement' THEN r.outcome
        END AS step, r.kind = 'decision' AND r.outcome = 'duplicate' AS duplicate
      FROM receipts r
      WHERE r.at >= to_timestamp(${from}::float8) AND r.at < to_timestamp(${until}::float8)
      ORDER BY r.at DESC LIMIT ${rowsMax}::int)
    ), proposed AS MATERIALIZED (
      SELECT p.created_at AS at, p.tenant FROM plans p
      WHERE p.erased_at IS NULL AND p.created_at >= to_timestamp(${from}::float8) AND p.created_at < to_timestamp(${until}::float8)
      ORDER BY p.created_at DESC LIMIT ${rowsMax}::int
    ), steps AS (
      SELECT at, tenant, CASE WHEN duplicate THEN 'duplicate' ELSE step END AS step FROM looked
      UNION ALL SELECT at, tenant, 'plan' FROM proposed
    )
    SELECT tenant, floor(extract(epoch FROM at))::float8 AS second, step, count(*)::int AS count,
      (SELECT greatest((SELECT count(*) FROM looked), (SELECT count(*) FROM proposed)))::int AS rows
    FROM steps GROUP BY 1, 2, 3`.execute(db);
  const full = (rows[0]?.rows ?? 0) >= rowsMax;
  // The oldest second may be cut; where it is the only one, what is counted of it is better than nothing.
  const oldest = rows.reduce((least, { second }) => Math.min(least, second), until - 1);
  return { from: full ? Math.min(oldest + 1, until - 1) : from, passed: rows.filter(isStep) };
}

/** Other receipts are no step of the flow: a policy's change, a freeze, a vote that decided nothing. */
function isStep({ step }: Passed): boolean {
  return (FLOW_STEPS as readonly (string | null)[]).includes(step);
}
