import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Each tenant's salt for commitments of secret arguments: made once, kept for ever, never shown. */
export interface TenantSalts {
  of(tenant: string): Promise<string>;
}

/** Remembers the salts of tenants that the workspace knows; another has no tools, so nothing of it is secret. */
export function createTenantSalts(db: Kysely<Database>, knows: (tenant: string) => boolean): TenantSalts {
  const known = new Map<string, string>();
  return {
    async of(tenant) {
      if (!knows(tenant)) return '';
      const salt = known.get(tenant) ?? (await readOrMake(db, tenant));
      known.set(tenant, salt);
      return salt;
    },
  };
}

/** Of two that make one at once, both are told the first. */
async function readOrMake(db: Kysely<Database>, tenant: string): Promise<string> {
  const { rows } = await sql<{ salt: string }>`SELECT tenant_salt(${tenant}) AS salt`.execute(db);
  const salt = rows[0]?.salt;
  if (!salt) throw new Error(`no salt came back for ${tenant}`);
  return salt;
}
