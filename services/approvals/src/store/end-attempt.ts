import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { ClaimedNotification } from './claim-notifications.ts';

export type AttemptEnd =
  | { readonly as: 'sent'; readonly receipt: unknown }
  | { readonly as: 'failed' | 'skipped'; readonly error: string }
  /** `counts`: whether it uses up an attempt. */
  | { readonly as: 'due'; readonly error: string | null; readonly afterMs: number; readonly counts: boolean };

/**
 * Records what became of an attempt. Locks the row. An attempt whose lease has run out and that another has taken over records
 * nothing: false.
 */
export async function endAttempt(
  db: Kysely<Database>,
  { id, lease }: Pick<ClaimedNotification, 'id' | 'lease'>,
  end: AttemptEnd,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    UPDATE notifications SET lease = NULL, ${changes(end)} WHERE id = ${id} AND lease = ${lease}`.execute(db);
  return numAffectedRows > 0n;
}

function changes(end: AttemptEnd) {
  switch (end.as) {
    case 'sent':
      return sql`state = 'sent', due_at = NULL, ended_at = clock_timestamp(), error = NULL,
        receipt = ${end.receipt === undefined ? null : JSON.stringify(end.receipt)}::jsonb`;
    case 'failed':
    case 'skipped':
      return sql`state = ${end.as}, due_at = NULL, ended_at = clock_timestamp(), error = ${end.error}`;
    case 'due':
      return sql`due_at = clock_timestamp() + ${end.afterMs}::bigint * interval '1 millisecond', error = ${end.error},
        attempts = attempts - ${end.counts ? 0 : 1}`;
    default:
      return end satisfies never;
  }
}
