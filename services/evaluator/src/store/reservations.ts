import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Reservation } from '@holdpoint/shared/domain/reservation';
import { sql, type Transaction } from 'kysely';
import type { TakenLimits } from './take-limits.ts';

export interface Reserving {
  readonly actionId: string;
  readonly tenant: string;
  readonly reservations: readonly Reservation[];
}

/** Writes what actions reserved, open until they end. Under the limits' locks. */
export async function insertReservations(
  tx: Transaction<Database>,
  limits: TakenLimits,
  reserving: readonly Reserving[],
): Promise<void> {
  const rows = reserving.flatMap(({ actionId, tenant, reservations }) =>
    reservations.map(({ key, amount }) => ({ action: actionId, limit_id: limits.idOf(tenant, key), amount })),
  );
  if (rows.length === 0) return;
  // The amounts cross as JSON's numbers and are read as decimals: exactly as they are written.
  await sql`
    INSERT INTO limit_reservations (action, limit_id, amount)
    SELECT action, limit_id, amount FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS r (action uuid, limit_id bigint, amount numeric)`.execute(tx);
}

/** Takes back what actions reserved before, for they are decided again. Whoever calls holds the actions' locks. */
export async function deleteReservations(tx: Transaction<Database>, actions: readonly string[]): Promise<void> {
  await sql`DELETE FROM limit_reservations WHERE action = ANY (${actions}::uuid[])`.execute(tx);
}
