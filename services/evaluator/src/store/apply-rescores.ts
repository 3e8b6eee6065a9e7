import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql, type Transaction } from 'kysely';
import { claimKey } from '../core/claims.ts';
import { covered, type Holding } from '../core/cover.ts';
import { type Rescored, reservationsOf, withinLimits } from '../core/rescore.ts';
import { type RescoreRecord, recordRescore, type WaitingAction } from '../core/rescore-record.ts';
import { cancelReviews, lockOpenReviews } from './cancel-reviews.ts';
import { insertApprovals } from './insert-approvals.ts';
import { lockKeys } from './lock-keys.ts';
import { deleteReservations, insertReservations } from './reservations.ts';
import { spendGrants, takeGrants } from './take-grants.ts';
import { takeLimits } from './take-limits.ts';
import { takePlaces } from './take-places.ts';

/** An action that was scored again, and where it goes unless a limit is in the way. */
export interface Rescoring {
  readonly waiting: WaitingAction;
  readonly outcome: Rescored;
}

/**
 * Moves actions out of `rescore`, each with its receipt. Locks their open reviews as a voter does, before all else; then keys,
 * the actions in order of id, limits, standing grants and lanes: the order of a first decision. An action that somebody else moved meanwhile is
 * left alone. What it had reserved is taken back before it reserves anew. Returns the ids that moved.
 */
export async function applyRescores(
  db: Kysely<Database>,
  rescorings: readonly Rescoring[],
  newId: () => string,
): Promise<string[]> {
  const ids = rescorings.map(({ waiting }) => waiting.action.id);
  return db.transaction().execute(async (tx) => {
    const reviews = await lockOpenReviews(tx, ids);
    await lockKeys(
      tx,
      rescorings.flatMap(({ waiting: { action } }) =>
        action.idempotency_key ? [claimKey(action.tenant, action.idempotency_key)] : [],
      ),
    );
    const still = await lockWaiting(tx, ids);
    const mine = rescorings.filter(({ waiting }) => still.has(waiting.action.id));
    if (mine.length === 0) return [];
    const records = await reserveAndRecord(tx, mine, newId);
    await writeRecords(tx, records, reviews, newId);
    return records.map(({ row }) => row.id);
  });
}

async function reserveAndRecord(
  tx: Transaction<Database>,
  rescorings: readonly Rescoring[],
  newId: () => string,
): Promise<RescoreRecord[]> {
  await deleteReservations(
    tx,
    rescorings.map(({ waiting }) => waiting.action.id),
  );
  const limits = await takeLimits(
    tx,
    rescorings.map(({ waiting, outcome }) => ({
      tenant: waiting.action.tenant,
      reservations: reservationsOf(outcome),
    })),
  );
  const decided = rescorings.map(({ waiting, outcome }) => ({
    waiting,
    outcome: withinLimits(outcome, limits.ledgerOf(waiting.action.tenant)),
  }));
  await insertReservations(
    tx,
    limits,
    decided.map(({ waiting: { action }, outcome }) => ({
      actionId: action.id,
      tenant: action.tenant,
      reservations: reservationsOf(outcome),
    })),
  );
  return (await coverHeld(tx, decided)).map(({ waiting, outcome }) => recordRescore(waiting, outcome, newId));
}

/** What would be held goes on where grants in advance meet what is still missing. */
async function coverHeld(tx: Transaction<Database>, rescorings: readonly Rescoring[]): Promise<readonly Rescoring[]> {
  const grants = await takeGrants(
    tx,
    rescorings.flatMap((one) => holdingOf(one) ?? []),
  );
  return rescorings.map((one): Rescoring => {
    const holding = holdingOf(one);
    const cover = holding && grants.cover(holding);
    if (!cover) return one;
    return { ...one, outcome: { to: 'queued', line: covered(holding.line, cover), ask: holding.ask, cover } };
  });
}

function holdingOf({ waiting, outcome }: Rescoring): Holding | undefined {
  if (outcome.to !== 'held') return undefined;
  const { tenant, operator, on_behalf_of: onBehalfOf } = waiting.action;
  const { line, ask } = outcome;
  return { tenant, operator, line, ask, agreed: waiting.consents, requester: waiting.requester, onBehalfOf };
}

async function writeRecords(
  tx: Transaction<Database>,
  records: readonly RescoreRecord[],
  reviews: Awaited<ReturnType<typeof lockOpenReviews>>,
  newId: () => string,
): Promise<void> {
  // A read has no place in any lane.
  const joining = records.filter(({ row, update }) => update.state === 'queued' && row.risk !== 'read');
  const places = await takePlaces(
    tx,
    joining.map(({ row }) => ({ tenant: row.tenant, entityKey: row.entity_key ?? '' })),
  );
  const placeOf = new Map(joining.map(({ row }, index) => [row.id, places[index]]));
  // A review beside an action that now waits or is over asks for nothing any more; and an action has one open question.
  const superseded = records
    .filter(({ update }) => update.state !== 'queued')
    .flatMap(({ row }) => reviews.get(row.id) ?? []);
  await cancelReviews(tx, superseded, newId);
  const approvals = records.flatMap(({ approval }) => approval ?? []);
  await insertApprovals(tx, approvals);
  await spendGrants(tx, approvals);
  await updateActions(tx, records, placeOf);
  await writeReceipts(
    tx,
    records.flatMap(({ receipts }) => receipts),
  );
  await writeOutbox(
    tx,
    records.flatMap(({ row, facts }) => facts(placeOf.get(row.id)?.id ?? null)),
  );
  const ended = records.filter(({ update }) => update.state === 'blocked').map(({ row }) => row.id);
  if (ended.length > 0) await sql`SELECT announce_outcomes(${ended}::uuid[])`.execute(tx);
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
      lane_seq = u.lane_seq, reserves = u.reserves, updated_at = clock_timestamp()
    FROM jsonb_to_recordset(${JSON.stringify(updates)}::jsonb) AS u (id uuid, state text, decision text, reasons jsonb,
      matched jsonb, policy_version text, escalation jsonb, decided_at timestamptz, approval_id uuid,
      authorised_at timestamptz, error text, lane_id bigint, lane_seq bigint, reserves boolean)
    WHERE a.id = u.id AND a.state = 'rescore'`.execute(tx);
}
