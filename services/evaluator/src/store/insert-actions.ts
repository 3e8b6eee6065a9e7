import { plannedOnce } from '@holdpoint/shared/db/planned-once';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { sql, type Transaction } from 'kysely';
import type { NewAction } from '../core/record.ts';

/** Writes actions in the state that their story begins in. The unique index on live keys refuses a second claim. */
export async function insertActions(tx: Transaction<Database>, actions: readonly NewAction[]): Promise<void> {
  if (actions.length === 0) return;
  await sql`${plannedOnce}
    INSERT INTO actions (id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, value, entity_key,
      idempotency_key, proposed, proposed_digest, digest, decision, reasons, matched, policy_version, escalation, decided_at,
      state, duplicate_of, approval_id, lane_id, lane_seq, expires_at, authorised_at, error, agent, on_behalf_of, event_id,
      trace_id, reserves, entity)
    SELECT id, plan, plan_id, index, tenant, operator, connector, tool, risk, args, value, entity_key,
      idempotency_key, nullif(proposed, 'null'), proposed_digest, digest, decision, reasons, matched, policy_version,
      nullif(escalation, 'null'), decided_at, state, duplicate_of, approval_id, lane_id, lane_seq, expires_at, authorised_at,
      error, agent, on_behalf_of, event_id, trace_id, reserves, nullif(entity, 'null')
    FROM jsonb_to_recordset(${JSON.stringify(actions)}::jsonb) AS a (id uuid, plan uuid, plan_id text, index integer,
      tenant text, operator text, connector text, tool text, risk text, args jsonb, value double precision, entity_key text,
      idempotency_key text, proposed jsonb, proposed_digest text, digest text, decision text, reasons jsonb, matched jsonb,
      policy_version text, escalation jsonb, decided_at timestamptz, state text, duplicate_of uuid, approval_id uuid,
      lane_id bigint, lane_seq bigint, expires_at timestamptz, authorised_at timestamptz, error text, agent text,
      on_behalf_of text, event_id text, trace_id text, reserves boolean, entity jsonb)`.execute(tx);
}
