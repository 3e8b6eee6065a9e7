import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, sql } from 'kysely';

/** Whose memory it is, and which of its entries. */
export interface KvName {
  readonly tenant: string;
  readonly connector: string;
  readonly key: string;
}

/** Null where there is none, or its time is up. */
export async function getKv(db: Kysely<Database>, { tenant, connector, key }: KvName): Promise<string | null> {
  const { rows } = await sql<{ value: string }>`
    SELECT value FROM connector_kv
    WHERE key = ${key} AND connector = ${connector} AND tenant = ${tenant} AND expires_at > clock_timestamp()`.execute(
    db,
  );
  return rows[0]?.value ?? null;
}

/** Takes the entry's row lock; of two that set at once the later one stays. */
export async function setKv(
  db: Kysely<Database>,
  { tenant, connector, key }: KvName,
  value: string,
  ttlSeconds: number,
): Promise<void> {
  await sql`
    INSERT INTO connector_kv (tenant, connector, key, value, expires_at)
    VALUES (${tenant}, ${connector}, ${key}, ${value}, clock_timestamp() + ${ttlSeconds} * interval '1 second')
    ON CONFLICT (key, connector, tenant) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`.execute(
    db,
  );
}

export async function deleteKv(db: Kysely<Database>, { tenant, connector, key }: KvName): Promise<void> {
  await sql`DELETE FROM connector_kv WHERE key = ${key} AND connector = ${connector} AND tenant = ${tenant}`.execute(
    db,
  );
}

/** Removes entries whose time is up, at most `limit`; passes over what another instance removes. Returns how many went. */
export async function removeExpiredKv(db: Kysely<Database>, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM connector_kv WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM connector_kv WHERE expires_at <= clock_timestamp() ORDER BY expires_at
      LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(db);
  return Number(numAffectedRows ?? 0);
}
