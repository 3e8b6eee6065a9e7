import { type Kysely, sql } from 'kysely';
import { hashSession } from '../runtime/auth.ts';
import type { Database } from './schema/index.ts';

/** How long somebody may take at the identity provider. */
export const SIGN_IN_MAX_SECONDS = 600;
/** Under way at once. Anybody may begin one: the oldest make room, so that whoever begins many shuts nobody else out. */
const SIGN_INS_MAX = 100_000;

export async function insertSignIn(db: Kysely<Database>, token: string, leadsTo: string): Promise<void> {
  await sql`
    INSERT INTO sign_ins (hash, leads_to, expires_at)
    VALUES (${hashSession(token)}, ${leadsTo}, clock_timestamp() + ${SIGN_IN_MAX_SECONDS} * interval '1 second')`.execute(
    db,
  );
}

/** Uses a sign-in up: of two that come back with it, one finds it. Undefined: it was used, is too late, or never was. */
export async function takeSignIn(db: Kysely<Database>, token: string): Promise<{ leadsTo: string } | undefined> {
  const { rows } = await sql<{ leads_to: string; late: boolean }>`
    DELETE FROM sign_ins WHERE hash = ${hashSession(token)}
    RETURNING leads_to, expires_at <= clock_timestamp() AS late`.execute(db);
  const [row] = rows;
  return row && !row.late ? { leadsTo: row.leads_to } : undefined;
}

/** Removes those that nobody came back from, and what is beyond the most. Two that remove at once wait for each other's rows. */
export async function removeLateSignIns(db: Kysely<Database>, keptMax: number = SIGN_INS_MAX): Promise<void> {
  await sql`
    DELETE FROM sign_ins WHERE expires_at <= greatest(clock_timestamp(),
      (SELECT expires_at FROM sign_ins ORDER BY expires_at DESC OFFSET ${keptMax} LIMIT 1))`.execute(db);
}
