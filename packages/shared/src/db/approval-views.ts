import { type Kysely, sql } from 'kysely';
import {
  type Approval,
  type ApprovalComment,
  COMMENTS_MAX,
  COMMENTS_SHOWN_MAX,
  type Vote,
} from '../domain/approval.ts';
import type { Database } from './schema/index.ts';

/** An approval as the outside sees it, and who asked, which the outside is not told. */
export interface ReadApproval {
  readonly approval: Approval;
  readonly requester: string;
}

/** Those of any tenant, within the transaction that changed them; in order of id. */
export async function readApprovals(db: Kysely<Database>, ids: readonly string[]): Promise<ReadApproval[]> {
  const { rows } = await sql<ApprovalView>`
    SELECT ${viewColumns} FROM approvals p WHERE p.id = ANY (${ids}::uuid[]) ORDER BY p.id`.execute(db);
  return rows.map(toReadApproval);
}

/** Of `approvals p`, with its votes and the newest of its comments: as many as lists and facts show. */
export const viewColumns = columns(COMMENTS_SHOWN_MAX);
/** The same with all comments. */
export const wholeColumns = columns(COMMENTS_MAX);

function columns(commentsMax: number) {
  return sql`
  p.id, p.tenant, p.action, p.plan_id, p.connector, p.tool, p.args, p.value, p.entity_key, p.risk, p.urgency, p.reason,
  p.subject, p.requirements, p.mode, p.self_approval, p.operator, p.agent, p.on_behalf_of, p.session_id, p.requester,
  p.expires_at, p.digest, p.created_at, p.decided_at, p.erased_at, p.denials, p.remind_every_seconds, p.reminders,
  p.escalated_at, p.standing_grant_id, false AS on_behalf_of_verified,
  CASE WHEN p.status = 'pending' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.status END AS status,
  coalesce((
    SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'vote', v.vote, 'audience', v.audiences ->> 0,
      'comment', v.comment, 'at', iso_time(v.at), 'name', v.name) ORDER BY v.at, v.principal)
    FROM votes v WHERE v.approval = p.id), '[]') AS votes, coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', c.id, 'principal', c.principal, 'name', c.name, 'text', c.text,
      'at', iso_time(c.at)) ORDER BY c.id)
    FROM (SELECT * FROM approval_comments WHERE approval = p.id ORDER BY id DESC LIMIT ${commentsMax}) c), '[]') AS comments,
  (SELECT count(*) FROM approval_comments c WHERE c.approval = p.id)::integer AS comment_count`;
}

export interface ApprovalView
  extends Omit<
    Approval,
    | 'action_id'
    | 'expires_at'
    | 'created_at'
    | 'decided_at'
    | 'erased_at'
    | 'escalated_at'
    | 'votes'
    | 'comments'
    | 'args'
    | 'standing_grant_id'
  > {
  readonly action: string | null;
  readonly args: unknown;
  readonly votes: Vote[];
  readonly comments: ApprovalComment[];
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly erased_at: Date | null;
  readonly escalated_at: Date | null;
  readonly standing_grant_id: string | null;
  readonly requester: string;
}

export function toReadApproval({
  action,
  requester,
  erased_at,
  standing_grant_id,
  ...row
}: ApprovalView): ReadApproval {
  const approval: Approval = {
    ...row,
    action_id: action,
    expires_at: row.expires_at.toISOString(),
    created_at: row.created_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null,
    escalated_at: row.escalated_at?.toISOString() ?? null,
    ...(erased_at && { erased_at: erased_at.toISOString() }),
    ...(standing_grant_id !== null && { standing_grant_id }),
  };
  return { approval, requester };
}
