import { type ApprovalView, type ReadApproval, toReadApproval, viewColumns } from '@holdpoint/shared/db/approval-views';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { APPROVAL_STATUSES, type ApprovalStatus } from '@holdpoint/shared/domain/approval';
import { type Kysely, type RawBuilder, sql } from 'kysely';

export interface ListQuery {
  readonly tenant: string;
  readonly status?: ApprovalStatus | undefined;
  /** Those that ask any of these; absent: all. */
  readonly audiences?: readonly string[] | undefined;
  readonly sessionId?: string | undefined;
  readonly operator?: string | undefined;
  /** Only what this principal has not voted on, nor asked for where nobody may approve what they asked for. */
  readonly waitingFor?: string | undefined;
  /** Only those older than this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/**
 * Newest first (ids are UUIDv7). No lock. Asks for one more than the limit, so that the caller knows of a next page. The
 * newest of each status and audience are walked apart, each down its own index, so that a page costs the same in a full table.
 */
export async function listApprovals(db: Kysely<Database>, query: ListQuery): Promise<ReadApproval[]> {
  const newest = rangesOf(query.status).map((range) => newestOf(range, query));
  const { rows } = await sql<ApprovalView>`
    SELECT ${viewColumns} FROM approvals p WHERE p.id IN (${sql.join(newest, sql` UNION ALL `)})
    ORDER BY p.id DESC LIMIT ${query.limit + 1}`.execute(db);
  return rows.map(toReadApproval);
}

interface Range {
  /** As it stands in the row. */
  readonly status: ApprovalStatus;
  readonly due?: boolean;
}

/** Those past their time still stand among the pending until they are announced. */
function rangesOf(status: ApprovalStatus | undefined): readonly Range[] {
  if (status === undefined) return APPROVAL_STATUSES.map((one) => ({ status: one }));
  if (status === 'pending') return [{ status, due: false }];
  if (status === 'expired') return [{ status }, { status: 'pending', due: true }];
  return [{ status }];
}

function newestOf(range: Range, query: ListQuery): RawBuilder<unknown> {
  const { tenant, audiences, sessionId, operator, waitingFor, before, limit } = query;
  const conditions = [
    sql`a.status = ${range.status}`,
    sql`a.tenant = ${tenant}`,
    ...(range.due === undefined ? [] : [sql`(a.expires_at <= clock_timestamp()) = ${range.due}`]),
    ...(sessionId === undefined ? [] : [sql`a.session_id = ${sessionId}`]),
    ...(operator === undefined ? [] : [sql`a.operator = ${operator}`]),
    ...(before === undefined ? [] : [sql`a.id < ${before}::uuid`]),
    ...(waitingFor === undefined ? [] : [stillWaitsFor(waitingFor)]),
  ];
  const all = sql.join(conditions, sql` AND `);
  if (audiences !== undefined && !range.due) return ofAudiences(audiences, range.status, query, all);
  const asked = audiences === undefined ? sql`` : sql`AND ${asksAnyOf(audiences)}`;
  const rows = range.due ? DUE : sql`approvals a`;
  return sql`(SELECT a.id FROM ${rows} WHERE ${all} ${asked} ORDER BY a.id DESC LIMIT ${limit + 1})`;
}

/** Few at any time, and found by their time: now(), unlike clock_timestamp(), lets the index find them. */
const DUE = sql`(SELECT * FROM approvals WHERE status = 'pending' AND expires_at <= now() OFFSET 0) a`;

/**
 * Down the index of an audience, and from each of its rows to its approval. OFFSET 0 keeps the planner from joining the two in
 * another order: by figures of a table that was small it read all of it once a row.
 */
function ofAudiences(
  audiences: readonly string[],
  status: ApprovalStatus,
  { tenant, before, limit }: ListQuery,
  conditions: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const older = before === undefined ? sql`` : sql`AND q.approval < ${before}::uuid`;
  return sql`(SELECT n.id FROM unnest(${audiences}::text[]) AS of_audience (name), LATERAL (
      SELECT a.id FROM approval_audiences q, LATERAL (SELECT * FROM approvals WHERE id = q.approval OFFSET 0) a
      WHERE q.audience = of_audience.name AND q.status = ${status} AND q.tenant = ${tenant} ${older} AND ${conditions}
      ORDER BY q.approval DESC LIMIT ${limit + 1}) n)`;
}

// Both are scalar on purpose: of an EXISTS the planner may make a hash of all that a person ever voted on.

function asksAnyOf(audiences: readonly string[]): RawBuilder<unknown> {
  return sql`(SELECT true FROM approval_audiences q WHERE q.approval = a.id AND q.audience = ANY (${audiences}::text[]) LIMIT 1)`;
}

function stillWaitsFor(principal: string): RawBuilder<unknown> {
  return sql`(a.requester <> ${principal} OR a.self_approval)
    AND (SELECT true FROM votes v WHERE v.approval = a.id AND v.principal = ${principal}) IS NULL`;
}
