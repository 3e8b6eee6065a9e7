import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { StandingGrantRow } from '@holdpoint/shared/db/schema/standing-grants';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { type Kysely, sql } from 'kysely';
import { grantReceipt } from '../core/grant-receipt.ts';
import { readStandingGrant, toStandingGrant } from './read-standing-grants.ts';

/**
 * Ends a grant, with its receipt. Takes its row's lock, as a decision does that may spend it: whoever is first is first, and
 * once this has returned nothing more is let through by it. Of two that revoke, the second is told what the first did.
 * Undefined: none of the tenant's.
 */
export async function revokeStandingGrant(
  db: Kysely<Database>,
  {
    tenant,
    id,
    actor,
    receiptId,
  }: { readonly tenant: string; readonly id: string; readonly actor: string; readonly receiptId: string },
): Promise<StandingGrant | undefined> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<StandingGrantRow>`
      UPDATE standing_grants SET revoked_at = clock_timestamp(), revoked_by = ${actor}
      WHERE id = ${id} AND tenant = ${tenant} AND revoked_at IS NULL RETURNING *`.execute(tx);
    const [row] = rows;
    if (!row) return readStandingGrant(tx, tenant, id);
    const revoked = toStandingGrant(row);
    await writeReceipts(tx, [
      grantReceipt(revoked, { id: receiptId, actor, outcome: 'revoked', about: '', said: null }),
    ]);
    return revoked;
  });
}
