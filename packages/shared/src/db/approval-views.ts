import { type Kysely, sql } from 'kysely';
import type { Approval, Vote } from '../domain/approval.ts';
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

/** Of `approvals p`, with its votes. */
export const viewColumns = sql`
  p.id, p.tenant, p.action, p.plan_id, p.connector, p.tool, p.args, p.value, p.entity_key, p.risk, p.urgency, p.reason,
  p.subject, p.requirements, p.mode, p.self_approval, p.operator, p.agent, p.on_behalf_of, p.session_id, p.requester,
  p.expires_at, p.digest, p.created_at, p.decided_at, p.erased_at,
  CASE WHEN p.status = 'pending' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.status END AS status,
  coalesce((
    SELECT jsonb_agg(jsonb_build_object('principal', v.principal, 'vote', v.vote, 'audience', v.audiences ->> 0,
      'comment', v.comment, 'at', iso_time(v.at)) ORDER BY v.at, v.principal)
    FROM votes v WHERE v.approval = p.id), '[]') AS votes`;

export interface ApprovalView
  extends Omit<Approval, 'action_id' | 'expires_at' | 'created_at' | 'decided_at' | 'erased_at' | 'votes' | 'args'> {
  readonly action: string | null;
  readonly args: unknown;
  readonly votes: Vote[];
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly erased_at: Date | null;
  readonly requester: string;
}

export function toReadApproval({ action, requester, erased_at, ...row }: ApprovalView): ReadApproval {
  const approval: Approval = {
    ...row,
    action_id: action,
    expires_at: row.expires_at.toISOString(),
    created_at: row.created_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null,
    ...(erased_at && { erased_at: erased_at.toISOString() }),
  };
  return { approval, requester };
}
