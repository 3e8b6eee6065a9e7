import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Approval, ApprovalRequest } from '@holdpoint/shared/domain/approval';
import { type Kysely, sql } from 'kysely';
import { recordStep } from './record-step.ts';

export interface ImperativeRequest {
  readonly id: string;
  readonly tenant: string;
  readonly operator: string;
  readonly requester: string;
  readonly request: Omit<ApprovalRequest, 'timeoutMs'> & { readonly timeoutMs: number };
  readonly traceId: string;
}

/** Opens an approval without an action. Takes no lock; every call opens one of its own. */
export async function openRequest(db: Kysely<Database>, asked: ImperativeRequest): Promise<Approval> {
  const { id, tenant, operator, requester, traceId, request } = asked;
  const requirements = JSON.stringify([{ audience: request.audience, quorum: request.quorum ?? 1 }]);
  return db.transaction().execute(async (tx) => {
    await sql`
      INSERT INTO approvals (id, tenant, status, args, urgency, reason, subject, operator, requester, requirements, mode,
        self_approval, expires_at, trace_id, denials)
      VALUES (${id}, ${tenant}, 'pending', '{}', ${request.urgency}, ${request.reason}, ${request.subject}, ${operator},
        ${requester}, ${requirements}::jsonb, 'hold', false,
        clock_timestamp() + ${request.timeoutMs}::bigint * interval '1 millisecond', ${traceId},
        ${request.denials ?? 1})`.execute(tx);
    const [approval] = await recordStep(tx, {
      ids: [id],
      facts: ['requested'],
      actor: requester,
      deed: 'request',
      comment: request.reason,
      moved: new Set(),
    });
    if (approval === undefined) throw new Error(`approval ${id} was not opened`);
    return approval;
  });
}
