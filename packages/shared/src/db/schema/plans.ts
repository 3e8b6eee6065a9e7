import type { ColumnType, Generated, Selectable } from 'kysely';
import type { EventEnvelope } from '../../domain/event.ts';

export interface PlanTable {
  id: string;
  tenant: string;
  operator: string;
  plan_id: string;
  body_digest: string;
  event_id: string | null;
  env: ColumnType<EventEnvelope, string, string>;
  agent: string | null;
  on_behalf_of: string | null;
  session_id: string | null;
  requester: string;
  expires_at: Date | null;
  trace_id: string | null;
  created_at: Generated<Date>;
  erased_at: Generated<Date | null>;
}
export type PlanRow = Selectable<PlanTable>;
