import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql, type Transaction } from 'kysely';
import { claimKey } from '../core/claims.ts';
import type { RescoreRecord } from '../core/rescore-record.ts';
import { cancelReviews, lockOpenReviews } from './cancel-reviews.ts';
import { insertApprovals } from './insert-approvals.ts';
import { lockKeys } from './lock-keys.ts';
import { takePlaces } from './take-places.ts';

/**
 * Moves actions out of `rescore`, each with its receipt. Locks their open reviews as a voter does, before all else; then keys,
 * the actions in order of id, and lanes: the order of a first decision. An action that somebody else moved meanwhile is left
 * alone. Returns the ids that moved.
 */
export async function applyRescores(
  db: Kysely<Database>,
  records: readonly RescoreRecord[],
  newId: () => string,
): Promise<string[]> {
  return db.transaction().execute(async (tx) => {
    const reviews = await lockOpenReviews(
      tx,
      records.map(({ row }) => row.id),
    );
    await lockKeys(
      tx,
      records.flatMap(({ row }) => (row.idempotency_key ? [claimKey(row.tenant, row.idempotency_key)] : [])),
    );
    const waiting = await lockWaiting(
      tx,
      records.map(({ row }) => row.id),
    );
    const mine = records.filter(({ row }) => waiting.has(row.id));
    if (mine.length === 0) return [];
    const joining = mine.filter(({ update }) => update.state === 'queued');
    const places = await takePlaces(
      tx,
      joining.map(({ row }) => ({ tenant: row.tenant, entityKey: row.entity_key ?? '' })),
    );
    const placeOf = new Map(joining.map(({ row }, index) => [row.id, places[index]]));
    // A review beside an action that now waits or is over asks for nothing any more; and an action has one open question.
    const superseded = mine
      .filter(({ update }) => update.state !== 'queued')
      .flatMap(({ row }) => reviews.get(row.id) ?? []);
    await cancelReviews(tx, superseded, newId);
    await insertApprovals(
      tx,
      mine.flatMap(({ approval }) => approval ?? []),
    );
    await updateActions(tx, mine, placeOf);
    await writeReceipts(
      tx,
      mine.map(({ receipt }) => receipt),
    );
    await writeOutbox(
      tx,
      mine.flatMap(({ row, facts }) => facts(placeOf.get(row.id)?.id ?? null)),
    );
    const ended = mine.filter(({ update }) => update.state === 'blocked').map(({ row }) => row.id);
    if (ended.length > 0) await sql`SELECT announce_outcomes(${ended}::uuid[])`.execute(tx);
    return mine.map(({ row }) => row.id);
  });
}

async function lockWaiting(tx: Transaction<Database>, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM actions WHERE id = ANY (${ids}::uuid[]) AND state = 'rescore' ORDER BY id FOR UPDATE`.execute(tx);
  return new Set(rows.map((row) => row.id));
}

async function updateActions(
  tx: Transaction<Database>,
  records: readonly RescoreRecord[],
  placeOf: ReadonlyMap<string, { readonly id: number; readonly seq: number } | undefined>,
): Promise<void> {
  const updates = records.map(({ row, update }) => {
    const place = placeOf.get(row.id);
    return { id: row.id, ...update, lane_id: place?.id ?? row.lane_id, lane_seq: place?.seq ?? null };
  });
  await sql`
    UPDATE actions a SET state = u.state, decision = u.decision, reasons = u.reasons, matched = u.matched,
      policy_version = u.policy_version, escalation = nullif(u.escalation, 'null'), decided_at = u.decided_at,
      approval_id = u.approval_id, authorised_at = u.authorised_at, error = u.error, lane_id = u.lane_id,
      lane_seq = u.lane_seq, updated_at = clock_timestamp()
    FROM jsonb_to_recordset(${JSON.stringify(updates)}::jsonb) AS u (id uuid, state text, decision text, reasons jsonb,
      matched jsonb, policy_version text, escalation jsonb, decided_at timestamptz, approval_id uuid,
      authorised_at timestamptz, error text, lane_id bigint, lane_seq bigint)
    WHERE a.id = u.id AND a.state = 'rescore'`.execute(tx);
}
