import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Removes hours that began before `until`: nobody adds to those. Of instances that do it at once one finds them. */
export async function forgetUsage(db: Kysely<Database>, until: Date): Promise<void> {
  await sql`DELETE FROM tenant_usage WHERE hour < ${until}`.execute(db);
}
