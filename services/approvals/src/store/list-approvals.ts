import { type ApprovalView, type ReadApproval, toReadApproval, viewColumns } from '@holdpoint/shared/db/approval-views';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ApprovalStatus } from '@holdpoint/shared/domain/approval';
import { type Kysely, type RawBuilder, sql } from 'kysely';

export interface ListQuery {
  readonly tenant: string;
  readonly status?: ApprovalStatus | undefined;
  readonly audience?: string | undefined;
  /** Only those older than this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first (ids are UUIDv7). No lock. Asks for one more than the limit, so that the caller knows of a next page. */
export async function listApprovals(db: Kysely<Database>, query: ListQuery): Promise<ReadApproval[]> {
  const { rows } = await sql<ApprovalView>`
    SELECT ${viewColumns} FROM (
      ${sql.join(
        statusConditions(query.status).map((condition) => branch(condition, query)),
        sql` UNION ALL `,
      )}
    ) p ORDER BY p.id DESC LIMIT ${query.limit + 1}`.execute(db);
  return rows.map(toReadApproval);
}

function branch(condition: RawBuilder<unknown>, { tenant, audience, before, limit }: ListQuery): RawBuilder<unknown> {
  const inAudience =
    audience === undefined ? sql`` : sql`AND a.requirements @> ${JSON.stringify([{ audience }])}::jsonb`;
  const older = before === undefined ? sql`` : sql`AND a.id < ${before}::uuid`;
  return sql`(SELECT a.* FROM approvals a WHERE ${condition} AND a.tenant = ${tenant} ${inAudience} ${older}
    ORDER BY a.id DESC LIMIT ${limit + 1})`;
}

/** One condition an index range: those past their time still stand among the pending until they are announced. */
function statusConditions(status: ApprovalStatus | undefined): RawBuilder<unknown>[] {
  const due = sql`a.status = 'pending' AND a.expires_at <= clock_timestamp()`;
  switch (status) {
    case undefined:
      return [sql`true`];
    case 'pending':
      return [sql`a.status = 'pending' AND a.expires_at > clock_timestamp()`];
    case 'expired':
      return [sql`a.status = 'expired'`, due];
    case 'granted':
    case 'denied':
    case 'cancelled':
      return [sql`a.status = ${status}`];
    default:
      return status satisfies never;
  }
}
