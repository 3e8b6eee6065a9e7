import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { requireAny } from '@holdpoint/shared/runtime/auth';
import type { App } from '@holdpoint/shared/runtime/http';
import { sendError } from '@holdpoint/shared/runtime/http-errors';
import type { Principal } from '@holdpoint/shared/runtime/principal';
import { refuseOtherSites, SESSION_COOKIE } from '@holdpoint/shared/runtime/session-cookie';
import { addOidcRoutes } from '@holdpoint/shared/sign-in/oidc-routes';
import { closeSession, openSession, sessionOf } from '@holdpoint/shared/sign-in/sessions';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';

const BASE = '/queues';
const LOGIN = `${BASE}/login`;
const LOGOUT = `${BASE}/logout`;
/** Of who logged in here, by a key perhaps: beside the console's, so that neither signs the other out. */
const QUEUES_COOKIE = 'holdpoint_queues';
const FORM_MAX_BYTES = 32 * 1024;
/** The board brings styles inline and names a font elsewhere; that one stays unfetched. */
const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/** Bull Board over every queue of the workspace, for platform admins: queues hold all tenants' doorbells. */
export async function queueRoutes(app: App, context: Context): Promise<void> {
  const board = new FastifyAdapter();
  board.setBasePath(BASE);
  createBullBoard({
    queues: context.bell.queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Holdpoint' } },
  });

  await app.register(async (scope) => {
    scope.addHook(
      'onRequest',
      refusing(async (request, reply) => {
        reply
          .header('content-security-policy', CSP)
          .header('cache-control', 'no-store')
          .header('x-frame-options', 'DENY');
        refuseOtherSites(request);
      }),
    );
    loginRoutes(scope as unknown as FastifyInstance, context);
    await scope.register(async (guarded) => {
      guarded.addHook(
        'onRequest',
        refusing(async (request, reply) => {
          if (await isPlatformAdmin(context, request)) return;
          if (wantsPage(request)) return void (await reply.redirect(LOGIN, 303));
          // A program may send its key with every request instead.
          requireAny(await context.authenticator.authenticate(request.headers), ['platform']);
        }),
      );
      await guarded.register(board.registerPlugin() as never, { prefix: BASE } as never);
    });
  });
}

/** The board's own error handler would answer 500 for every refusal. */
function refusing(check: (request: FastifyRequest, reply: FastifyReply) => Promise<void>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    try {
      await check(request, reply);
      return undefined;
    } catch (error) {
      return sendError(error, request, reply);
    }
  };
}

/** Signed in here or at the console. The board's own scripts send no CSRF token: `refuseOtherSites` stands for it. */
async function isPlatformAdmin({ authenticator }: Context, request: FastifyRequest): Promise<boolean> {
  if (request.headers.authorization !== undefined) return false;
  for (const cookie of [QUEUES_COOKIE, SESSION_COOKIE]) {
    const session = await sessionOf({ authenticator, cookie }, request);
    if (session?.principal.scopes.has('platform')) return true;
  }
  return false;
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.authorization === undefined && (headers.accept ?? '').includes('text/html');
}

function loginRoutes(scope: FastifyInstance, context: Context): void {
  const { authenticator, db } = context;
  const { oidc } = context.config;
  const provider = oidc && { name: oidc.name, start: `${BASE}/oidc/start?to=${BASE}` };
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_MAX_BYTES },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  const hide = { schema: { hide: true } };

  if (oidc) {
    const admit = (principal: Principal) => requireAny(principal, ['platform']);
    addOidcRoutes(scope, { ...context, oidc, base: BASE, home: LOGIN, admit });
  }

  scope.get(LOGIN, hide, async (_request, reply) => sendForm(reply, 200, provider));

  scope.post(LOGIN, hide, async (request, reply) => {
    const { token } = (request.body ?? {}) as { token?: unknown };
    try {
      const proven = await authenticator.authenticateToken(typeof token === 'string' ? token.trim() : '');
      requireAny(proven.principal, ['platform']);
      await openSession({ db, authenticator, cookie: QUEUES_COOKIE }, reply, proven);
      return reply.redirect(BASE, 303);
    } catch (error) {
      if (!(error instanceof HoldpointError) || error.status >= 500) throw error;
      return sendForm(reply, error.status, provider, error.message);
    }
  });

  scope.post(LOGOUT, hide, async (_request, reply) => {
    await closeSession({ db, authenticator, cookie: QUEUES_COOKIE }, reply);
    return reply.redirect(LOGIN, 303);
  });
}

interface ProviderLink {
  readonly name: string;
  readonly start: string;
}

function sendForm(reply: FastifyReply, status: number, provider?: ProviderLink, refusal?: string): FastifyReply {
  const other = provider ? `<p><a href="${provider.start}">Sign in with ${escapeHtml(provider.name)}</a>, or:</p>` : '';
  const said = refusal === undefined ? '' : `<p role="alert">${escapeHtml(refusal)}</p>`;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdpoint queues</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1rem}input,button{font:inherit;width:100%;padding:.5rem;margin:.25rem 0 1rem;box-sizing:border-box}</style>
</head><body><main><h1>Queues</h1>${said}${other}
<form method="post" action="${LOGIN}"><label>API key or token of a platform admin
<input type="password" name="token" autocomplete="off" required autofocus></label><button>Log in</button></form>
</main></body></html>`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
