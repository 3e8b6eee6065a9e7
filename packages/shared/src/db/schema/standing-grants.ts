import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely';
import type { GrantCondition } from '../../domain/standing-grant.ts';

export interface StandingGrantTable {
  id: string;
  tenant: string;
  operator: string;
  connector: string;
  tool: string;
  args: ColumnType<GrantCondition[], string, never>;
  max_value: number | null;
  until: Date;
  uses: number;
  uses_left: number;
  audiences: ColumnType<string[], string, never>;
  granted_by: string;
  granted_by_name: string;
  reason: string;
  created_at: Generated<Date>;
  revoked_at: Date | null;
  revoked_by: string | null;
  last_used_at: Date | null;
  open: GeneratedAlways<boolean>;
}
export type StandingGrantRow = Selectable<StandingGrantTable>;

export interface StandingGrantUseTable {
  standing_grant: string;
  action: string;
  approval: string;
  uses_left: number;
  at: Generated<Date>;
}
