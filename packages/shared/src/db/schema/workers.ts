import type { Generated } from 'kysely';

export interface WorkerTable {
  id: string;
  service: string;
  started_at: Generated<Date>;
  heartbeat_at: Generated<Date>;
}
