import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/schema/index.ts';
import { deleteSession, insertSession } from '../db/sessions.ts';
import type { Authenticated, Authenticator } from '../runtime/auth.ts';
import { newToken } from '../runtime/ids.ts';
import { clearCookie, readCookie, setCookie } from '../runtime/session-cookie.ts';

export interface SessionDoor {
  readonly db: Kysely<Database>;
  readonly authenticator: Authenticator;
  /** Which cookie. */
  readonly cookie: string;
}

export interface OpenedSession {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Signs in whoever was proven to be there: a new session each time, so that none that was planted before is taken over. */
export async function openSession(
  { db, authenticator, cookie }: SessionDoor,
  reply: FastifyReply,
  { principal, expiresAt }: Authenticated,
): Promise<OpenedSession> {
  const before = readCookie(reply.request, cookie);
  if (before !== undefined) {
    await deleteSession(db, before);
    authenticator.forgetSession(before);
  }
  const token = newToken();
  const session = await insertSession(db, token, principal, expiresAt);
  setCookie(reply, cookie, token);
  reply.request.log.info({ principal: principal.principal, cookie }, 'signed in');
  return { token, ...session };
}

/** Signs out, at every service: others may take the cookie for another 5 s. Who is not signed in stays so. */
export async function closeSession({ db, authenticator, cookie }: SessionDoor, reply: FastifyReply): Promise<void> {
  const token = readCookie(reply.request, cookie);
  clearCookie(reply, cookie);
  if (token === undefined) return;
  await deleteSession(db, token);
  authenticator.forgetSession(token);
}

/** Whose session the cookie is; undefined where there is none, or it is over. */
export async function sessionOf(
  { authenticator, cookie }: Omit<SessionDoor, 'db'>,
  request: FastifyRequest,
): Promise<(OpenedSession & Authenticated) | undefined> {
  const token = readCookie(request, cookie);
  if (token === undefined) return undefined;
  const found = await authenticator.findSession(token);
  return found && { token, ...found };
}
