import { writeReceipts } from '@holdpoint/shared/db/receipts';
import type { Database } from '@holdpoint/shared/db/schema/index';
import type { StandingGrantRow } from '@holdpoint/shared/db/schema/standing-grants';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import {
  GRANT_MAX_DAYS,
  GRANTS_OF_CLASS_MAX,
  GRANTS_OF_TENANT_MAX,
  type StandingGrant,
} from '@holdpoint/shared/domain/standing-grant';
import { type Kysely, sql, type Transaction } from 'kysely';
import { grantReceipt } from '../core/grant-receipt.ts';
import { invalid } from '../core/grant-rules.ts';
import { toStandingGrant } from './read-standing-grants.ts';

export type NewGrant = Omit<StandingGrant, 'uses_left' | 'created_at' | 'revoked_at' | 'revoked_by' | 'last_used_at'>;

/**
 * Writes a grant with its receipt. Of those who grant in one tenant each waits for the one before, so that the bounds are
 * exact; a decision waits for none of them. Whether the time it ends at is one that it may end at, the database's clock says.
 */
export async function addStandingGrant(
  db: Kysely<Database>,
  grant: NewGrant,
  { receiptId, from }: { readonly receiptId: string; readonly from: string | undefined },
): Promise<StandingGrant | HoldpointError> {
  return db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${grant.tenant}, 7131))`.execute(tx);
    const refusal = await refuseNow(tx, grant);
    if (refusal) return refusal;
    const { rows } = await sql<StandingGrantRow>`
      INSERT INTO standing_grants (id, tenant, operator, connector, tool, args, max_value, until, uses, uses_left, audiences,
        granted_by, granted_by_name, reason)
      VALUES (${grant.id}, ${grant.tenant}, ${grant.operator}, ${grant.connector}, ${grant.tool},
        ${JSON.stringify(grant.args)}::jsonb, ${grant.max_value}, ${grant.until}::timestamptz, ${grant.uses}, ${grant.uses},
        ${JSON.stringify(grant.audiences)}::jsonb, ${grant.granted_by}, ${grant.granted_by_name}, ${grant.reason})
      RETURNING *`.execute(tx);
    const [row] = rows;
    if (!row) throw new Error(`standing grant ${grant.id} was not written`);
    const added = toStandingGrant(row);
    const about = from === undefined ? '' : `, from approval ${from}`;
    await writeReceipts(tx, [
      grantReceipt(added, { id: receiptId, actor: grant.granted_by, outcome: 'granted', about, said: grant.reason }),
    ]);
    return added;
  });
}

async function refuseNow(tx: Transaction<Database>, grant: NewGrant): Promise<HoldpointError | undefined> {
  const { rows } = await sql<{ over: boolean; far: boolean; of_tenant: number; of_class: number }>`
    SELECT ${grant.until}::timestamptz <= clock_timestamp() AS over,
      ${grant.until}::timestamptz > clock_timestamp() + ${GRANT_MAX_DAYS} * interval '1 day' AS far,
      count(*)::integer AS of_tenant,
      count(*) FILTER (WHERE g.operator = ${grant.operator} AND g.connector = ${grant.connector}
        AND g.tool = ${grant.tool})::integer AS of_class
    FROM standing_grants g WHERE g.tenant = ${grant.tenant} AND g.open AND g.until > now()`.execute(tx);
  const found = rows[0];
  if (!found) throw new Error('the database counted nothing');
  if (found.over) return invalid([{ path: 'until', reason: 'is over already' }]);
  if (found.far) return invalid([{ path: 'until', reason: `is more than ${GRANT_MAX_DAYS} days away` }]);
  if (found.of_tenant >= GRANTS_OF_TENANT_MAX) return full(`${GRANTS_OF_TENANT_MAX} standing grants are active`);
  if (found.of_class >= GRANTS_OF_CLASS_MAX) {
    return full(`${GRANTS_OF_CLASS_MAX} standing grants are active for ${grant.operator}'s ${grant.tool}`);
  }
  return undefined;
}

const full = (what: string): HoldpointError => new HoldpointError('CONFLICT', `${what}: revoke some first`);
