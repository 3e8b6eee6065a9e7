import type { Database } from '@holdpoint/shared/db/schema/index';
import { type Kysely, type RawBuilder, sql } from 'kysely';

/** What `connector_kv_add` raises. */
const FULL = 'HP003';

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

/** Replaces an entry that is there, whatever it holds. Takes its row lock; of two that set at once the later one stays. */
export async function replaceKv(
  db: Kysely<Database>,
  name: KvName,
  value: string,
  ttlSeconds: number,
): Promise<boolean> {
  const { numAffectedRows } = await replace(name, value, ttlSeconds, sql`true`).execute(db);
  return numAffectedRows === 1n;
}

/** Replaces an entry that holds `expected`. Of those who ask at once the first does; the others look again and find another. */
export async function replaceKvIf(
  db: Kysely<Database>,
  name: KvName,
  expected: string,
  value: string,
  ttlSeconds: number,
): Promise<boolean> {
  const { numAffectedRows } = await replace(name, value, ttlSeconds, sql`value = ${expected}`).execute(db);
  return numAffectedRows === 1n;
}

function replace(
  { tenant, connector, key }: KvName,
  value: string,
  ttlSeconds: number,
  condition: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    UPDATE connector_kv SET value = ${value}, expires_at = clock_timestamp() + ${ttlSeconds} * interval '1 second'
    WHERE key = ${key} AND connector = ${connector} AND tenant = ${tenant} AND expires_at > clock_timestamp()
      AND ${condition}`;
}

/** As `connector_kv_add` says: one after another in one memory, and 'full' where it has `entriesMax`. */
export async function addKv(
  db: Kysely<Database>,
  { tenant, connector, key }: KvName,
  value: string,
  { ttlSeconds, entriesMax }: { readonly ttlSeconds: number; readonly entriesMax: number },
): Promise<'added' | 'there' | 'full'> {
  try {
    const { rows } = await sql<{ added: boolean }>`
      SELECT connector_kv_add(${tenant}, ${connector}, ${key}, ${value}, ${ttlSeconds}::int, ${entriesMax}::int) AS added
    `.execute(db);
    return rows[0]?.added ? 'added' : 'there';
  } catch (error) {
    if ((error as { code?: unknown }).code === FULL) return 'full';
    throw error;
  }
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
