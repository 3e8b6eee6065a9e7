import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import type { ScoredPlan } from '../core/scored.ts';

export interface NewPlan {
  readonly id: string;
  readonly scored: ScoredPlan;
}

/**
 * Takes the identities of plans, in order of identity. Who loses a race waits for the winner and finds its row: the id is
 * then not among the returned.
 */
export async function insertPlans(tx: Transaction<Database>, plans: readonly NewPlan[]): Promise<Set<string>> {
  const rows = plans.map(({ id, scored: { proposal, env } }) => ({
    id,
    tenant: proposal.tenant,
    operator: proposal.operator,
    plan_id: proposal.plan.plan_id,
    body_digest: proposal.bodyDigest,
    event_id: proposal.plan.event_id ?? null,
    env,
    agent: proposal.plan.agent?.id ?? null,
    on_behalf_of: proposal.plan.agent?.on_behalf_of ?? null,
    session_id: proposal.plan.agent?.session_id ?? null,
    requester: proposal.requester,
    expires_at: proposal.plan.expires_at ?? null,
    trace_id: proposal.traceId,
  }));
  const { rows: inserted } = await sql<{ id: string }>`
    INSERT INTO plans (id, tenant, operator, plan_id, body_digest, event_id, env, agent, on_behalf_of, session_id, requester,
      expires_at, trace_id)
    SELECT id, tenant, operator, plan_id, body_digest, event_id, env, agent, on_behalf_of, session_id, requester,
      expires_at, trace_id
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS p (id uuid, tenant text, operator text, plan_id text,
      body_digest text, event_id text, env jsonb, agent text, on_behalf_of text, session_id text, requester text,
      expires_at timestamptz, trace_id text)
    ORDER BY plan_id, operator, tenant
    ON CONFLICT (plan_id, operator, tenant) DO NOTHING
    RETURNING id`.execute(tx);
  return new Set(inserted.map((row) => row.id));
}
