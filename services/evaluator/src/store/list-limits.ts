import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { Usage } from '../core/limit-in-use.ts';

/**
 * A page of a tenant's limits in the order of their keys, beyond `after`. `windowOf` says which window the policies of now ask
 * for, in seconds; a limit that none asks for is counted in the window that was last asked for. No lock.
 */
export async function listLimits(
  db: Kysely<Database>,
  page: { readonly tenant: string; readonly after: string; readonly limit: number },
  windowOf: (key: string) => number | undefined,
): Promise<Usage[]> {
  const { rows } = await sql<{ id: number; key: string; per_seconds: number }>`
    SELECT id, key, per_seconds FROM policy_limits
    WHERE tenant = ${page.tenant} AND key > ${page.after} ORDER BY key LIMIT ${page.limit}`.execute(db);
  const limits = rows.map((row) => ({ ...row, per_seconds: windowOf(row.key) ?? row.per_seconds }));
  const usages = await sql<Usage & { limit_id: number }>`
    SELECT limit_id, open, used, total::text AS total, releases_at
    FROM limit_usages(${JSON.stringify(limits)}::jsonb)`.execute(db);
  const usageOf = new Map(usages.rows.map((row) => [row.limit_id, row]));
  return limits.flatMap(({ id, key, per_seconds }) => {
    const usage = usageOf.get(id);
    return usage ? [{ ...usage, key, per_seconds }] : [];
  });
}
