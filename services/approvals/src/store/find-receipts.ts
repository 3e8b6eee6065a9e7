import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** What a channel's receiver called the earlier notices of an approval, oldest first. No lock. */
export async function findReceipts(db: Kysely<Database>, approval: string, channel: string): Promise<unknown[]> {
  const { rows } = await sql<{ receipt: unknown }>`
    SELECT receipt FROM notifications
    WHERE approval = ${approval} AND channel = ${channel} AND state = 'sent' AND receipt IS NOT NULL
    ORDER BY id`.execute(db);
  return rows.map(({ receipt }) => receipt);
}
