import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Whether an attempt of ours may still send: neither expired, nor frozen, nor authorised too long ago. No lock. */
export async function stillAuthorised(
  db: Kysely<Database>,
  { id, token }: { readonly id: string; readonly token: string },
  authorisedMaxSeconds: number,
): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`
    SELECT still_authorised(${id}::uuid, ${token}::uuid, ${authorisedMaxSeconds}::int) AS may`.execute(db);
  return rows[0]?.may === true;
}
