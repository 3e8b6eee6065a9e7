import type { ColumnType, Generated } from 'kysely';

export interface PolicySetTable {
  tenant: string;
  version: string;
  policies: ColumnType<readonly Readonly<Record<string, unknown>>[], string, string>;
  changed_at: Generated<Date>;
}
