import type { Generated, Selectable } from 'kysely';

export interface FreezeTable {
  id: string;
  tenant: string;
  operator: string | null;
  connector: string | null;
  tool: string | null;
  reason: string;
  frozen_by: string;
  created_at: Generated<Date>;
  lifted_at: Date | null;
  lifted_by: string | null;
}
export type FreezeRow = Selectable<FreezeTable>;
