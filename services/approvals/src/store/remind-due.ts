import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';
import type { DuePage } from './expire.ts';
import { recordStep } from './record-step.ts';

/** Approvals a transaction: short under lock. */
const PAGE_ROWS = 100;
/** Whoever was reminded so often has decided not to decide. */
export const REMINDERS_MAX = 10;

/**
 * Reminds of one page of approvals. Locks them; one that a voter or another instance holds is passed over, and found the next
 * time if it still waits. The next reminder is the next of its times that is yet to come: however long nobody looked, and
 * however many look at once, a time is told of once. Never past the approval's own time.
 */
export async function remindDue(db: Kysely<Database>): Promise<DuePage> {
  return db.transaction().execute(async (tx) => {
    const due = await sql<{ id: string }>`
      SELECT id FROM approvals WHERE status = 'pending' AND next_reminder_at <= now() AND expires_at > now()
      ORDER BY next_reminder_at LIMIT ${PAGE_ROWS} FOR UPDATE SKIP LOCKED`.execute(tx);
    if (due.rows.length === 0) return { done: 0, more: false };
    const { rows } = await sql<{ id: string }>`
      UPDATE approvals SET reminders = reminders + 1,
        next_reminder_at = CASE WHEN reminders + 1 < ${REMINDERS_MAX} THEN next_reminder_at + interval '1 second'
          * remind_every_seconds
          * (1 + floor(extract(epoch FROM clock_timestamp() - next_reminder_at) / remind_every_seconds)) END
      WHERE id = ANY (${due.rows.map(({ id }) => id)}::uuid[]) AND expires_at > clock_timestamp()
      RETURNING id`.execute(tx);
    const ids = rows.map(({ id }) => id);
    await recordStep(tx, {
      ids,
      facts: ['reminded'],
      actor: 'approvals',
      deed: 'remind',
      comment: null,
      moved: new Set(),
    });
    return { done: ids.length, more: due.rows.length === PAGE_ROWS };
  });
}
