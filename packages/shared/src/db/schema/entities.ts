import type { ColumnType, Generated } from 'kysely';

export interface EntityTable {
  tenant: string;
  connector: string;
  entity: string;
  id: string;
  /** Null: it was deleted. */
  data: ColumnType<Readonly<Record<string, unknown>> | null, string | null, string | null>;
  /** Numeric, as text. */
  version: string | null;
  seen_at: Generated<Date>;
  expires_at: Date;
}
