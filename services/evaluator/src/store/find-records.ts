import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { RecordedApproval } from '@holdpoint/shared/domain/decision-record';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { FIRST_ID, firstIdAt } from '@holdpoint/shared/runtime/ids';
import { type Kysely, sql } from 'kysely';
import type { RecordedAction } from '../core/decision-record.ts';

export interface RecordsQuery {
  readonly tenant: string;
  readonly operator?: string | undefined;
  /** Proposed in this stretch of time, its end left out. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Only those younger than this id. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly maxBytes: number;
  /** How many rows a page may look at, those of other tenants included. */
  readonly scanMax: number;
}

export interface RecordsPage {
  readonly records: readonly RecordedAction[];
  /** Where the next page goes on; a page may be empty and not the last. */
  readonly next: string | undefined;
}

/**
 * Recorded actions, oldest first: ids are UUIDv7, so their order is that of proposing and the primary key is the index. A page
 * ends at its limit, its bytes or the rows it may look at, whichever comes first; one record always fits. No lock.
 */
export async function findRecords(db: Kysely<Database>, query: RecordsQuery): Promise<RecordsPage> {
  const { rows: scanned } = await sql<{ id: string; wanted: boolean }>`
    SELECT a.id, a.tenant = ${query.tenant} AND (${query.operator ?? null}::text IS NULL OR a.operator = ${query.operator ?? null})
      AS wanted
    FROM actions a
    WHERE a.id >= ${query.since ? firstIdAt(query.since) : FIRST_ID}::uuid AND a.id > ${query.after ?? FIRST_ID}::uuid
      AND a.id < ${query.until ? firstIdAt(query.until) : LAST_ID}::uuid
    ORDER BY a.id LIMIT ${query.scanMax}`.execute(db);
  const ids = scanned.flatMap(({ id, wanted }) => (wanted ? [id] : [])).slice(0, query.limit);
  const records = await readRecords(db, ids, query.maxBytes);
  const shown = records.at(-1)?.action.id;
  const whole = records.length === ids.length && ids.length < query.limit;
  if (!whole)
    return { records, next: shown === scanned.at(-1)?.id && scanned.length < query.scanMax ? undefined : shown };
  return { records, next: scanned.length < query.scanMax ? undefined : scanned.at(-1)?.id };
}

async function readRecords(db: Kysely<Database>, ids: readonly string[], maxBytes: number): Promise<RecordedAction[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<ActionRow & { env: EventEnvelope; approvals: RecordedApproval[] }>`
    WITH sized AS MATERIALIZED (
      SELECT a.id, p.env, row_number() OVER (ORDER BY a.id) AS place,
        sum(octet_length(a.args::text) + coalesce(octet_length(a.proposed::text), 0) + octet_length(a.reasons::text)
          + coalesce(octet_length(a.entity::text), 0) + octet_length(p.env::text)) OVER (ORDER BY a.id) AS bytes
      FROM actions a JOIN plans p ON p.id = a.plan
      WHERE a.id = ANY (${ids}::uuid[])
    )
    SELECT a.*, s.env, coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', q.id, 'status', q.status, 'mode', q.mode, 'requirements', q.requirements,
        'created_at', iso_time(q.created_at), 'decided_at', iso_time(q.decided_at), 'votes', coalesce((
          SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'vote', v.vote,
            'commented', coalesce(v.comment, '') <> '', 'at', iso_time(v.at)) ORDER BY v.at, v.principal)
          FROM votes v WHERE v.approval = q.id), '[]')) ORDER BY q.id)
      FROM approvals q WHERE q.action = a.id), '[]') AS approvals
    FROM sized s JOIN actions a ON a.id = s.id
    WHERE s.place = 1 OR s.bytes <= ${maxBytes}
    ORDER BY a.id`.execute(db);
  return rows.map(({ env, approvals, ...action }) => ({ action, env, approvals }));
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
