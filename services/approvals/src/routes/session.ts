import { createHmac, timingSafeEqual } from 'node:crypto';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { type Authenticator, requireAny } from '@holdpoint/shared/runtime/auth';
import type { Access } from '@holdpoint/shared/runtime/principal';
import type { FastifyRequest } from 'fastify';

/** Holds the person's token, out of reach of scripts. */
export const SESSION_COOKIE = 'holdpoint_session';
/** Browsers drop a larger cookie without a word. */
export const SESSION_MAX_BYTES = 4_000;
export const CSRF_HEADER = 'x-csrf-token';

/** Follows from the session, so that every instance can check it and none stores it; whoever knows it knows the session. */
export function csrfTokenOf(session: string): string {
  return createHmac('sha256', session).update('holdpoint csrf').digest('base64url');
}

/** @throws {HoldpointError} FORBIDDEN */
export function requireCsrf(session: string, sent: unknown): void {
  const expected = Buffer.from(csrfTokenOf(session));
  const given = Buffer.from(typeof sent === 'string' ? sent : '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new HoldpointError('FORBIDDEN', 'the CSRF token is missing or wrong: open the page again');
  }
}

/**
 * A route's first hook, like the runtime's `authenticated`, that also takes the console's cookie where no Authorization is
 * sent; a cookie changes something only together with its CSRF token.
 */
export function signedIn({
  authenticator,
  scope,
}: {
  authenticator: Authenticator;
  scope: Access | readonly Access[];
}) {
  const wanted = typeof scope === 'string' ? [scope] : scope;
  return async (request: FastifyRequest): Promise<void> => {
    const session = request.headers.authorization === undefined ? request.cookies[SESSION_COOKIE] : undefined;
    if (session !== undefined && request.method !== 'GET') requireCsrf(session, request.headers[CSRF_HEADER]);
    const principal = await (session === undefined
      ? authenticator.authenticate(request.headers)
      : authenticator.authenticateToken(session));
    requireAny(principal, wanted);
    request.principal = principal;
  };
}
