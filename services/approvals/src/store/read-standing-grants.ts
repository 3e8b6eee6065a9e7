import type { Database } from '@holdpoint/shared/db/schema/index';
import type { StandingGrantRow } from '@holdpoint/shared/db/schema/standing-grants';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { type Kysely, sql } from 'kysely';

/** Newest first (ids are UUIDv7). No lock. Asks for one more than the limit, so that the caller knows of a next page. */
export async function listStandingGrants(
  db: Kysely<Database>,
  query: {
    readonly tenant: string;
    /** Only those that may still be spent, or only those that may not. */
    readonly active?: boolean | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<StandingGrant[]> {
  const { tenant, active, before, limit } = query;
  // now(), and not clock_timestamp(): by it the index passes over what has ended.
  const spendable = sql`(g.open AND g.until > now())`;
  const wanted = active === undefined ? sql`` : active ? sql`AND ${spendable}` : sql`AND NOT ${spendable}`;
  const older = before === undefined ? sql`` : sql`AND g.id < ${before}::uuid`;
  const { rows } = await sql<StandingGrantRow>`
    SELECT g.* FROM standing_grants g WHERE g.tenant = ${tenant} ${wanted} ${older}
    ORDER BY g.id DESC LIMIT ${limit + 1}`.execute(db);
  return rows.map(toStandingGrant);
}

/** No lock. Undefined: none of the tenant's. */
export async function readStandingGrant(
  db: Kysely<Database>,
  tenant: string,
  id: string,
): Promise<StandingGrant | undefined> {
  const row = await db
    .selectFrom('standing_grants')
    .selectAll()
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  return row && toStandingGrant(row);
}

/** An action that a grant let go on, and where it is by now. */
export interface GrantUse {
  readonly action_id: string;
  readonly approval_id: string;
  readonly at: string;
  readonly entity_key: string | null;
  readonly value: number | null;
  readonly state: ActionState;
}

/** The newest first. No lock. */
export async function listUses(db: Kysely<Database>, grant: string, limit: number): Promise<GrantUse[]> {
  const { rows } = await sql<Omit<GrantUse, 'at'> & { at: Date }>`
    SELECT u.action AS action_id, u.approval AS approval_id, u.at, a.entity_key, a.value, a.state
    FROM (
      SELECT * FROM standing_grant_uses WHERE standing_grant = ${grant} ORDER BY action DESC LIMIT ${limit}) u
    JOIN actions a ON a.id = u.action ORDER BY u.action DESC`.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

export function toStandingGrant({ open: _open, ...row }: StandingGrantRow): StandingGrant {
  return {
    ...row,
    until: row.until.toISOString(),
    created_at: row.created_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  };
}
