import type { ColumnType, Generated, Selectable } from 'kysely';

export type Scope = 'plan' | 'read' | 'admin' | 'platform';

export interface AppTable {
  id: string;
  tenant: string;
  /** SHA-256 of the key, hex: the key itself is stored nowhere. */
  key_hash: string;
  scopes: ColumnType<Scope[], string, string>;
  operators: ColumnType<string[] | null, string | null, string | null>;
  audiences: ColumnType<string[], string, string>;
  created_at: Generated<Date>;
  revoked_at: Date | null;
}
export type AppRow = Selectable<AppTable>;
