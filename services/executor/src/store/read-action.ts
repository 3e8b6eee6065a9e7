import type { ActionRow } from '@holdpoint/shared/db/schema/actions';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Kysely } from 'kysely';

/** One action of a tenant; of any tenant where none is named. No lock. */
export async function readAction(
  db: Kysely<Database>,
  id: string,
  tenant: string | undefined,
): Promise<ActionRow | undefined> {
  let found = db.selectFrom('actions').selectAll().where('id', '=', id);
  if (tenant !== undefined) found = found.where('tenant', '=', tenant);
  return found.executeTakeFirst();
}
