import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldpointError } from '../domain/errors.ts';

/** A person's, at every service of one host: cookies know no ports. */
export const SESSION_COOKIE = 'holdpoint_session';
export const CSRF_HEADER = 'x-csrf-token';

/** As newToken makes them. */
const TOKEN = '[A-Za-z0-9_-]{43}';

/** The token in a cookie of this name; undefined where there is none that could be ours. */
export function readCookie(request: FastifyRequest, name: string): string | undefined {
  return new RegExp(`(?:^|; *)${nameFor(request, name)}=(${TOKEN})(?:;|$)`).exec(request.headers.cookie ?? '')?.[1];
}

/** Kept until the browser is closed, unless told how long; what is stored behind it ends by itself. */
export function setCookie(
  reply: FastifyReply,
  name: string,
  token: string,
  {
    sameSite = 'Strict',
    maxAgeSeconds,
  }: { readonly sameSite?: 'Strict' | 'Lax'; readonly maxAgeSeconds?: number } = {},
): void {
  const secure = isSecure(reply.request) ? '; Secure' : '';
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  const attributes = `Path=/; HttpOnly; SameSite=${sameSite}${maxAge}${secure}`;
  reply.header('set-cookie', `${nameFor(reply.request, name)}=${token}; ${attributes}`);
}

export function clearCookie(reply: FastifyReply, name: string): void {
  setCookie(reply, name, '', { maxAgeSeconds: 0 });
}

/** Follows from the session, so that every instance can check it and none stores it; whoever knows it cannot tell the session. */
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
 * Browsers say where a request was sent from: what would change something and comes from elsewhere is refused, another port of
 * this host included.
 * @throws {HoldpointError} FORBIDDEN
 */
export function refuseOtherSites(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.host);
  if (foreign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new HoldpointError('FORBIDDEN', 'this comes from another site');
  }
}

/** The token of the session that this request may use. @throws {HoldpointError} FORBIDDEN where it would change something from elsewhere */
export function usableSession(request: FastifyRequest): string | undefined {
  const session = readCookie(request, SESSION_COOKIE);
  if (session === undefined || request.method === 'GET' || request.method === 'HEAD') return session;
  refuseOtherSites(request);
  requireCsrf(session, request.headers[CSRF_HEADER]);
  return session;
}

/** A cookie's name over this protocol. Over https no other is heard: a neighbouring host could plant one without the prefix. */
export function cookieFor(protocol: string, name: string): string {
  return protocol.startsWith('https') ? `__Host-${name}` : name;
}

function nameFor(request: FastifyRequest, name: string): string {
  return cookieFor(request.protocol, name);
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}
