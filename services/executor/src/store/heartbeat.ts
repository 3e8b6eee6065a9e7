import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Says that a worker lives, by the database's clock. Makes its row where it is missing. */
export async function heartbeat(db: Kysely<Database>, worker: string): Promise<void> {
  await sql`
    INSERT INTO workers AS w (id, service) VALUES (${worker}::uuid, 'executor')
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()`.execute(db);
}

/** Takes leave. What it still holds is judged like any other worker's that is gone. */
export async function removeWorker(db: Kysely<Database>, worker: string): Promise<void> {
  await db.deleteFrom('workers').where('id', '=', worker).execute();
}
