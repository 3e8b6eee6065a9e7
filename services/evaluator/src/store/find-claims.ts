import type { Database } from '@holdpoint/shared/db/schema/index';
import type { ActionId, Digest } from '@holdpoint/shared/domain/ids';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import { sql, type Transaction } from 'kysely';
import { claimKey, type LiveClaim } from '../core/claims.ts';

/**
 * The actions that hold these keys now. Locks them FOR SHARE, in order of id: an original that is just ending must end either
 * before (then its outcome is told with the duplicate) or after (then it finds the duplicate), never in between.
 */
export async function findClaims(
  tx: Transaction<Database>,
  keys: readonly { readonly tenant: string; readonly idempotencyKey: string }[],
): Promise<Map<string, LiveClaim>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<{
    id: string;
    tenant: string;
    idempotency_key: string;
    proposed_digest: string;
    state: string;
  }>`
    SELECT a.id, a.tenant, a.idempotency_key, a.proposed_digest, a.state
    FROM actions a
    WHERE (a.idempotency_key, a.tenant) IN (
        SELECT k.key, k.tenant FROM unnest(${keys.map((k) => k.idempotencyKey)}::text[], ${keys.map((k) => k.tenant)}::text[])
          AS k (key, tenant))
      AND a.state IN ('held', 'rescore', 'queued', 'running', 'applied', 'indeterminate', 'denied')
      AND a.idempotency_key IS NOT NULL AND a.risk <> 'read'
    ORDER BY a.id FOR SHARE OF a`.execute(tx);
  return new Map(
    rows.map((row) => [
      claimKey(row.tenant, row.idempotency_key),
      {
        actionId: row.id as ActionId,
        proposedDigest: row.proposed_digest as Digest,
        state: row.state as ActionState,
      },
    ]),
  );
}
