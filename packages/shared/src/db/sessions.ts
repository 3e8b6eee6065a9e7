import { type Kysely, sql } from 'kysely';
import { hashSession, type SessionRow } from '../runtime/auth.ts';
import type { Principal } from '../runtime/principal.ts';
import type { Database } from './schema/index.ts';

/** However long its token is good for. */
export const SESSION_MAX_SECONDS = 12 * 3600;
export const SESSION_IDLE_MAX_SECONDS = 2 * 3600;
const USE_NOTED_EVERY_SECONDS = 60;
/** Of one principal; one more, and the oldest ends. */
const SESSIONS_MAX = 20;

/**
 * Opens a session, which ends with what it was made from. Takes no lock but its own rows': two sign-ins at once of one
 * principal may for a moment leave one session more than the most.
 */
export async function insertSession(
  db: Kysely<Database>,
  token: string,
  principal: Principal,
  endsAt: Date | undefined,
): Promise<{ readonly expiresAt: Date }> {
  const { kind, tenant } = principal;
  const known =
    principal.kind === 'app'
      ? { issuer: null, subject: null, name: null, app: principal.id, audiences: [] }
      : { ...principal, app: null };
  const { rows } = await sql<{ expires_at: Date }>`
    WITH crowded AS (
      DELETE FROM sessions WHERE hash IN (
        SELECT hash FROM sessions WHERE principal = ${principal.principal} AND tenant = ${tenant}
        ORDER BY created_at DESC OFFSET ${SESSIONS_MAX - 1})
    )
    INSERT INTO sessions (hash, kind, tenant, principal, issuer, subject, name, app, audiences, scopes, expires_at)
    VALUES (${hashSession(token)}, ${kind}, ${tenant}, ${principal.principal}, ${known.issuer}, ${known.subject},
      ${known.name}, ${known.app}, ${JSON.stringify(known.audiences)}, ${JSON.stringify([...principal.scopes])},
      least(${endsAt ?? null}::timestamptz, clock_timestamp() + ${SESSION_MAX_SECONDS} * interval '1 second'))
    RETURNING expires_at`.execute(db);
  return { expiresAt: (rows[0] as { expires_at: Date }).expires_at };
}

/**
 * The session of this hash, unless it is over, was idle too long, or its app was revoked. Notes its use, at most once a minute;
 * of two that note it at once the later one waits for the other's row.
 */
export async function findSession(db: Kysely<Database>, hash: string): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    WITH alive AS (
      SELECT * FROM sessions s
      WHERE hash = ${hash} AND expires_at > clock_timestamp()
        AND used_at > clock_timestamp() - ${SESSION_IDLE_MAX_SECONDS} * interval '1 second'
        AND (app IS NULL OR EXISTS (SELECT 1 FROM apps a WHERE a.id = s.app AND a.revoked_at IS NULL))
    ), used AS (
      UPDATE sessions SET used_at = clock_timestamp()
      WHERE hash = (SELECT hash FROM alive)
        AND used_at < clock_timestamp() - ${USE_NOTED_EVERY_SECONDS} * interval '1 second'
    )
    SELECT kind, tenant, principal, issuer, subject, name, app, audiences, scopes, expires_at,
      (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS left_ms
    FROM alive`.execute(db);
  return rows[0];
}

/** Ends it. Who ends it again finds nothing. */
export async function deleteSession(db: Kysely<Database>, token: string): Promise<void> {
  await sql`DELETE FROM sessions WHERE hash = ${hashSession(token)}`.execute(db);
}

/** Removes what is over, at most `limit`; passes over what another instance removes. Returns how many went. */
export async function removeEndedSessions(db: Kysely<Database>, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM sessions WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM sessions
      WHERE expires_at <= clock_timestamp()
        OR used_at <= clock_timestamp() - ${SESSION_IDLE_MAX_SECONDS} * interval '1 second'
      LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.execute(db);
  return Number(numAffectedRows ?? 0);
}
