import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Bytes by tenant in the hours that began at `since` or later. Takes no lock. */
export async function readUsage(db: Kysely<Database>, since: Date): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ tenant: string; bytes: number }>`
    SELECT tenant, sum(bytes)::bigint AS bytes FROM tenant_usage WHERE hour >= ${since} GROUP BY tenant`.execute(db);
  return new Map(rows.map(({ tenant, bytes }) => [tenant, bytes]));
}
