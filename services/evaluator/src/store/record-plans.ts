import { writeOutbox } from '@holdpoint/shared/db/outbox';
import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ActionId } from '@holdpoint/shared/domain/ids';
import { type Kysely, sql, type Transaction } from 'kysely';
import { claimKey, coverHeld, holdingOf, place, reservationsOf, wantsClaim } from '../core/claims.ts';
import { type PlacedLine, type PlanRecord, recordPlan } from '../core/record.ts';
import type { ScoredPlan } from '../core/scored.ts';
import { findClaims } from './find-claims.ts';
import { insertActions } from './insert-actions.ts';
import { insertApprovals } from './insert-approvals.ts';
import { insertPlans, type NewPlan } from './insert-plans.ts';
import { lockKeys } from './lock-keys.ts';
import { insertReservations, type Reserving } from './reservations.ts';
import { spendGrants, takeGrants } from './take-grants.ts';
import { type TakenLimits, takeLimits } from './take-limits.ts';
import { takePlaces } from './take-places.ts';

/**
 * The decision of record, for a batch of plans in one READ COMMITTED transaction. Locks in one order: plans, keys, limits,
 * standing grants, lanes, each sorted. Returns the record of each plan that this transaction won; the others were recorded by somebody else meanwhile.
 */
export async function recordPlans(
  db: Kysely<Database>,
  plans: readonly NewPlan[],
  newId: () => string,
): Promise<Map<string, PlanRecord>> {
  return db.transaction().execute(async (tx) => {
    const won = await insertPlans(tx, plans);
    const mine = plans.filter(({ id }) => won.has(id));
    const { placed, limits } = await placeLines(tx, mine, newId);
    const records = new Map(
      mine.map(({ id, scored }): [string, PlanRecord] => [id, recordPlan(scored, id, placed.get(id) ?? [], newId)]),
    );
    await writeRecords(tx, [...records.values()]);
    await insertReservations(
      tx,
      limits,
      mine.flatMap(({ id, scored }) => reservingOf(scored, placed.get(id) ?? [])),
    );
    return records;
  });
}

function reservingOf({ proposal }: ScoredPlan, lines: readonly PlacedLine[]): Reserving[] {
  return lines.map(({ actionId, placed }) => ({
    actionId,
    tenant: proposal.tenant,
    reservations: reservationsOf(placed),
  }));
}

async function writeRecords(tx: Transaction<Database>, records: readonly PlanRecord[]): Promise<void> {
  await insertActions(
    tx,
    records.flatMap((record) => record.actions),
  );
  const approvals = records.flatMap((record) => record.approvals);
  await insertApprovals(tx, approvals);
  await spendGrants(tx, approvals);
  await writeReceipts(
    tx,
    records.flatMap((record) => record.receipts),
  );
  await writeOutbox(
    tx,
    records.flatMap((record) => record.facts),
  );
  const ended = records.flatMap((record) => record.ended);
  if (ended.length > 0) await sql`SELECT announce_outcomes(${ended}::uuid[])`.execute(tx);
}

/** Gives every line its id, its state and, where it joins one, its place in a lane. */
async function placeLines(
  tx: Transaction<Database>,
  plans: readonly NewPlan[],
  newId: () => string,
): Promise<{ readonly placed: Map<string, PlacedLine[]>; readonly limits: TakenLimits }> {
  const wanted = plans.flatMap(({ scored }) =>
    scored.lines.filter(wantsClaim).map(({ idempotencyKey }) => ({ tenant: scored.proposal.tenant, idempotencyKey })),
  );
  await lockKeys(
    tx,
    wanted.map(({ tenant, idempotencyKey }) => claimKey(tenant, idempotencyKey)),
  );
  const claims = await findClaims(tx, wanted);
  const limits = await takeLimits(
    tx,
    plans.flatMap(({ scored }) =>
      scored.lines
        .filter(wantsClaim)
        .flatMap(({ verdict: { reservations } }) =>
          reservations ? [{ tenant: scored.proposal.tenant, reservations }] : [],
        ),
    ),
  );
  const byLimits = plans.map(({ id, scored }) => {
    const { tenant } = scored.proposal;
    const taken = { claims, ledger: limits.ledgerOf(tenant) };
    const lines = scored.lines.map((line) => {
      const actionId = newId() as ActionId;
      return { actionId, placed: place(line, tenant, actionId, taken) };
    });
    return { id, scored, tenant, lines };
  });
  const grants = await takeGrants(
    tx,
    byLimits.flatMap(({ scored, lines }) => lines.flatMap(({ placed }) => holdingOf(scored, placed) ?? [])),
  );
  const byPlan = byLimits.map(({ scored, lines, ...plan }) => ({
    ...plan,
    lines: lines.map((line) => ({ ...line, placed: coverHeld(scored, line.placed, grants) })),
  }));
  const joining = byPlan.flatMap(({ tenant, lines }) =>
    lines.flatMap((line) =>
      line.placed.state === 'queued' && line.placed.lane
        ? [{ actionId: line.actionId, tenant, entityKey: line.placed.line.entityKey ?? '' }]
        : [],
    ),
  );
  const places = await takePlaces(tx, joining);
  const placeOf = new Map(joining.map(({ actionId }, index) => [actionId, places[index]]));
  const placed = new Map(
    byPlan.map(({ id, lines }): [string, PlacedLine[]] => [
      id,
      lines.map((line) => {
        const lane = placeOf.get(line.actionId);
        return lane ? { ...line, lane } : line;
      }),
    ]),
  );
  return { placed, limits };
}
