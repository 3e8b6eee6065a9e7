import type { Database } from '@holdpoint/shared/db/schema/index';
import type { Notice } from '@holdpoint/shared/domain/notification';
import { type Kysely, sql } from 'kysely';

export interface ClaimedNotification {
  readonly id: string;
  readonly tenant: string;
  readonly approval: string;
  readonly channel: string;
  readonly notice: Notice;
  /** This one included. */
  readonly attempts: number;
  readonly lease: string;
  readonly created_at: Date;
  /** Where the channel led when its receiver said that it is gone. */
  readonly disabled_target: string | null;
}

export interface Claim {
  readonly limit: number;
  /** How long the sender has; then it is taken for dead, and another sends it again. */
  readonly leaseMs: number;
  /** `<tenant>/<channel>` of those that are not to be sent to now. */
  readonly resting: readonly string[];
}

/**
 * Takes what is due, oldest first. Locks the rows it takes; what another instance is taking is passed over, so that nothing is
 * sent twice while both live. How an approval ended waits for what is being sent about it to the same channel: that was claimed
 * before it was decided, so its lease is seen here. What is claimed later is found decided, and passed over.
 */
export async function claimNotifications(
  db: Kysely<Database>,
  { limit, leaseMs, resting }: Claim,
): Promise<ClaimedNotification[]> {
  const { rows } = await sql<ClaimedNotification>`
    WITH due AS MATERIALIZED (
      SELECT n.id FROM notifications n
      WHERE n.state = 'due' AND n.due_at <= now()
        AND n.tenant || '/' || n.channel <> ALL (${resting}::text[])
        AND (n.notice NOT IN ('granted', 'denied', 'expired', 'cancelled') OR NOT EXISTS (
          SELECT 1 FROM notifications o
          WHERE o.approval = n.approval AND o.channel = n.channel AND o.lease IS NOT NULL))
      ORDER BY n.due_at LIMIT ${limit} FOR UPDATE OF n SKIP LOCKED
    )
    UPDATE notifications n
    SET lease = gen_random_uuid(), attempts = attempts + 1,
      due_at = clock_timestamp() + ${leaseMs}::bigint * interval '1 millisecond'
    FROM due WHERE n.id = due.id
    RETURNING n.id, n.tenant, n.approval, n.channel, n.notice, n.attempts, n.lease, n.created_at,
      (SELECT d.target FROM disabled_channels d WHERE d.tenant = n.tenant AND d.channel = n.channel) AS disabled_target`.execute(
    db,
  );
  return rows;
}
