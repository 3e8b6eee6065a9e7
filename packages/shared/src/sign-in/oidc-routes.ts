import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../db/schema/index.ts';
import { insertSignIn, SIGN_IN_MAX_SECONDS, takeSignIn } from '../db/sign-ins.ts';
import { HoldpointError } from '../domain/errors.ts';
import { type Authenticator, requirePerson } from '../runtime/auth.ts';
import type { People } from '../runtime/claims.ts';
import { steadyClock } from '../runtime/clock.ts';
import type { OidcConfig } from '../runtime/config.ts';
import { toHoldpointError } from '../runtime/http-errors.ts';
import { newToken } from '../runtime/ids.ts';
import type { Principal } from '../runtime/principal.ts';
import { clearCookie, readCookie, SESSION_COOKIE, setCookie } from '../runtime/session-cookie.ts';
import { localPath } from './local-path.ts';
import { createProvider } from './provider.ts';
import { openSession } from './sessions.ts';

const SIGN_IN_COOKIE = 'holdpoint_sign_in';

const HEADERS = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // The address of the callback has the code in it.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

export interface OidcDoor {
  readonly oidc: OidcConfig;
  readonly people: People;
  readonly db: Kysely<Database>;
  readonly authenticator: Authenticator;
  /** Under which path its two routes are. */
  readonly base: string;
  /** Where to begin again. */
  readonly home: string;
  /** Refuses whom this door is not for, by throwing. */
  admit?(principal: Principal): void;
}

/**
 * Signing in at an identity provider: `<base>/oidc/start?to=/path` sends the browser there, it comes back to `<base>/oidc/callback`.
 * A sign-in is good once, for ten minutes, in the browser that began it.
 */
export function addOidcRoutes(app: FastifyInstance, door: OidcDoor): void {
  const { oidc, db, authenticator } = door;
  const provider = createProvider(oidc, door.people, steadyClock);
  const callback = `${door.base}/oidc/callback`;
  const hidden = { schema: { hide: true } } as const;

  app.get(`${door.base}/oidc/start`, hidden, async (request, reply) => {
    reply.headers(HEADERS);
    const token = newToken();
    const url = await provider.begin(token, `${oidc.publicUrl}${callback}`);
    await insertSignIn(db, token, localPath((request.query as { to?: unknown }).to));
    // Lax: the browser comes back from another site, and is to bring it then.
    setCookie(reply, SIGN_IN_COOKIE, token, { sameSite: 'Lax', maxAgeSeconds: SIGN_IN_MAX_SECONDS });
    return reply.redirect(url.href, 302);
  });

  app.get(callback, hidden, async (request, reply) => {
    reply.headers(HEADERS);
    try {
      const token = readCookie(request, SIGN_IN_COOKIE);
      const begun = token && (await takeSignIn(db, token));
      if (!begun)
        throw new HoldpointError('UNAUTHENTICATED', 'the sign-in was over before you came back: begin it again');
      clearCookie(reply, SIGN_IN_COOKIE);
      const at = request.url.indexOf('?');
      const search = at < 0 ? '' : request.url.slice(at);
      const proven = await provider.finish(token, new URL(`${oidc.publicUrl}${callback}${search}`));
      requirePerson(proven.principal);
      door.admit?.(proven.principal);
      await openSession({ db, authenticator, cookie: SESSION_COOKIE }, reply, proven);
      return sendPage(reply, 200, 'Signed in', begun.leadsTo, 'Go on', '0');
    } catch (error) {
      const refused = toHoldpointError(error);
      const log = { err: error, code: refused.code };
      if (refused.status >= 500) request.log.error(log, 'a sign-in failed');
      else request.log.info(log, 'a sign-in was refused');
      return sendPage(reply, refused.status, `Not signed in: ${refused.message}`, door.home, 'Begin again');
    }
  });
}

/**
 * A page that leads on by itself: a redirect would still count as the other site's doing, and the browser would keep the new
 * cookie, which is strict, to itself.
 */
function sendPage(
  reply: FastifyReply,
  status: number,
  title: string,
  path: string,
  label: string,
  afterSeconds?: string,
): FastifyReply {
  const [heading, href] = [escapeHtml(title), escapeHtml(path)];
  const lead = afterSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${afterSeconds}; url=${href}">`;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${lead}
<title>${heading}</title></head><body><main><h1>${heading}</h1><p><a href="${href}">${label}</a></p></main></body></html>`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
