import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { type Kysely, sql } from 'kysely';
import { opened } from '../core/open-wider.ts';
import type { DuePage } from './expire.ts';
import { recordStep } from './record-step.ts';

/** Approvals a transaction: short under lock. */
const PAGE_ROWS = 100;

interface Silent {
  readonly id: string;
  readonly requirements: Requirement[];
  readonly asked_seconds: number;
}

/**
 * Opens one page of approvals, whose audience has been silent for long enough, to the audience that is to be asked then. Locks
 * them; one that a voter or another instance holds is passed over, and found the next time if it still waits. A vote of the new
 * audience that comes before is refused, one that comes after counts: both take the lock. Votes that were cast stay.
 */
export async function escalateDue(db: Kysely<Database>): Promise<DuePage> {
  return db.transaction().execute(async (tx) => {
    const due = await sql<Silent>`
      SELECT id, requirements, extract(epoch FROM clock_timestamp() - created_at)::double precision AS asked_seconds
      FROM approvals WHERE status = 'pending' AND escalates_at <= now() AND expires_at > now()
      ORDER BY escalates_at LIMIT ${PAGE_ROWS} FOR UPDATE SKIP LOCKED`.execute(tx);
    if (due.rows.length === 0) return { done: 0, more: false };
    const openings = new Map(due.rows.map((row) => [row.id, opened(row.requirements, row.asked_seconds)]));
    const { rows } = await sql<{ id: string }>`
      UPDATE approvals p SET requirements = o.requirements, escalated_at = clock_timestamp(),
        escalates_at = next_escalation(o.requirements, p.created_at)
      FROM jsonb_to_recordset(${JSON.stringify(
        [...openings].map(([id, { requirements }]) => ({ id, requirements })),
      )}::jsonb) AS o (id uuid, requirements jsonb)
      WHERE p.id = o.id AND p.expires_at > clock_timestamp() RETURNING p.id`.execute(tx);
    const ids = rows.map(({ id }) => id);
    await recordStep(tx, {
      ids,
      facts: ['escalated'],
      actor: 'approvals',
      deed: 'escalate',
      comment: null,
      notes: new Map(ids.map((id) => [id, openings.get(id)?.note ?? ''])),
      moved: new Set(),
    });
    return { done: ids.length, more: due.rows.length === PAGE_ROWS };
  });
}
