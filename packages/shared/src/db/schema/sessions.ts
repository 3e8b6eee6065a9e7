import type { ColumnType, Generated } from 'kysely';
import type { Scope } from './apps.ts';

export interface SessionTable {
  /** SHA-256 of the token in the cookie, hex: the token itself is stored nowhere. */
  hash: string;
  kind: 'person' | 'service' | 'app';
  tenant: string;
  principal: string;
  /** Of a token; an app has none. */
  issuer: string | null;
  subject: string | null;
  name: string | null;
  /** Whose key opened it. */
  app: string | null;
  audiences: ColumnType<readonly string[], string, never>;
  scopes: ColumnType<readonly Scope[], string, never>;
  created_at: Generated<Date>;
  used_at: Generated<Date>;
  expires_at: Date;
}
