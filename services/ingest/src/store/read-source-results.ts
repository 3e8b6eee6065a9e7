import type { SourceResultTable } from '@holdpoint/shared/db/schema/deliveries';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Kysely } from 'kysely';

/** How the deliveries of these sources of a tenant ended. Takes no lock. */
export async function readSourceResults(
  db: Kysely<Database>,
  tenant: string,
  sources: readonly string[],
): Promise<readonly SourceResultTable[]> {
  if (sources.length === 0) return [];
  return db
    .selectFrom('source_results')
    .selectAll()
    .where('source', 'in', sources)
    .where('tenant', '=', tenant)
    .execute();
}
