import type { ColumnType, Generated, Selectable } from 'kysely';
import type { Escalation, Reason } from '../../domain/decision.ts';
import type { EntitySnapshot } from '../../domain/entity.ts';
import type { ActionState } from '../../domain/lifecycle.ts';
import type { Risk, TrustDecision } from '../../domain/policy.ts';

export interface ActionTable {
  id: string;
  plan: string;
  plan_id: string;
  index: number;
  tenant: string;
  operator: string;
  connector: string;
  tool: string;
  risk: Risk | null;
  args: ColumnType<Record<string, unknown>, string, string>;
  value: number | null;
  entity_key: string | null;
  idempotency_key: string | null;
  /** What was known of its entity when it was decided. */
  entity: ColumnType<EntitySnapshot | null, string | null, string | null>;
  proposed: ColumnType<unknown, string | null, never>;
  proposed_digest: string;
  digest: string;
  decision: TrustDecision;
  reasons: ColumnType<Reason[], string, string>;
  matched: ColumnType<string[], string, string>;
  policy_version: string;
  escalation: ColumnType<Escalation | null, string | null, string | null>;
  decided_at: Date;
  state: ActionState;
  duplicate_of: string | null;
  approval_id: string | null;
  lane_id: number | null;
  lane_seq: number | null;
  attempts: Generated<number>;
  /** An earlier attempt may have happened. */
  unsure: Generated<boolean>;
  /** It has rows in `limit_reservations`, until it ends. */
  reserves: Generated<boolean>;
  worker: string | null;
  token: string | null;
  expires_at: Date | null;
  authorised_at: Date | null;
  next_attempt_at: Date | null;
  started_at: Date | null;
  result: ColumnType<unknown, string | null, string | null>;
  error: string | null;
  agent: string | null;
  on_behalf_of: string | null;
  event_id: string | null;
  trace_id: string | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  erased_at: Generated<Date | null>;
}
export type ActionRow = Selectable<ActionTable>;
