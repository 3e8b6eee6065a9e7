import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/**
 * Ends attempts in the name of their lost workers, each with receipt and outcome. Locks the actions in order of id. One whose
 * token has changed meanwhile was settled by another, or its worker answered after all. Returns the ids that moved.
 */
export async function settleAttempts(
  db: Kysely<Database>,
  ends: Readonly<Record<string, RecordedEnd & { readonly token: string }>>,
  actor: string,
): Promise<string[]> {
  const { rows } = await sql<{ moved: string[] }>`
    SELECT executor_finish(${JSON.stringify(ends)}::jsonb, ${actor}, 'settlement') AS moved`.execute(db);
  return rows[0]?.moved ?? [];
}

/** Rows of workers that are long gone and hold nothing. */
export async function forgetWorkers(db: Kysely<Database>): Promise<void> {
  await sql`
    DELETE FROM workers w WHERE w.heartbeat_at < clock_timestamp() - interval '1 hour'
      AND NOT EXISTS (SELECT 1 FROM actions a WHERE a.worker = w.id AND a.state = 'running')`.execute(db);
}
