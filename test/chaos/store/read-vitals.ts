import type pg from 'pg';
import type { SessionsSeen, TableSeen } from '../core/vitals.ts';

/** Every table with rows of its own; of one that is split, each part. */
export async function readTables(db: pg.Pool): Promise<Omit<TableSeen, 'at'>[]> {
  const { rows } = await db.query<Omit<TableSeen, 'at'>>(`
    SELECT s.relname AS table, s.n_dead_tup::float8 AS dead, s.n_live_tup::float8 AS live,
      coalesce(own.threshold, current_setting('autovacuum_vacuum_threshold')::float8)
        + coalesce(own.scale, current_setting('autovacuum_vacuum_scale_factor')::float8) * greatest(c.reltuples, 0) AS "deadDue",
      (s.autovacuum_count + s.vacuum_count)::float8 AS vacuums,
      pg_table_size(c.oid)::float8 AS "tableBytes", pg_indexes_size(c.oid)::float8 AS "indexBytes"
    FROM pg_stat_user_tables s
    JOIN pg_class c ON c.oid = s.relid
    CROSS JOIN LATERAL (
      SELECT max(o.option_value::float8) FILTER (WHERE o.option_name = 'autovacuum_vacuum_threshold') AS threshold,
        max(o.option_value::float8) FILTER (WHERE o.option_name = 'autovacuum_vacuum_scale_factor') AS scale
      FROM pg_options_to_table(c.reloptions) o
    ) own
    ORDER BY s.relname`);
  return rows;
}

export async function readSessions(db: pg.Pool): Promise<Omit<SessionsSeen, 'at'>> {
  const { rows } = await db.query<Omit<SessionsSeen, 'at'>>(`
    SELECT count(*)::float8 AS connections,
      coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)) * 1000, 0)::float8 AS "oldestTransactionMs"
    FROM pg_stat_activity WHERE backend_type = 'client backend'`);
  return rows[0] ?? { connections: 0, oldestTransactionMs: 0 };
}
