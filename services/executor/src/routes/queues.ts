import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import cookie from '@fastify/cookie';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { requireAny } from '@holdpoint/shared/runtime/auth';
import type { App } from '@holdpoint/shared/runtime/http';
import { sendError } from '@holdpoint/shared/runtime/http-errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { createSessions, SESSION_COOKIE, SESSION_SECONDS, type Sessions } from './queue-session.ts';

const BASE = '/queues';
const LOGIN = `${BASE}/login`;
const LOGOUT = `${BASE}/logout`;
const FORM_MAX_BYTES = 32 * 1024;
/** The board brings styles inline and names a font elsewhere; that one stays unfetched. */
const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/** Bull Board over every queue of the workspace, for platform admins: queues hold all tenants' doorbells. */
export async function queueRoutes(app: App, context: Context): Promise<void> {
  const sessions = createSessions(context.config.masterKey);
  const board = new FastifyAdapter();
  board.setBasePath(BASE);
  createBullBoard({
    queues: context.bell.queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Holdpoint' } },
  });

  await app.register(async (scope) => {
    await scope.register(cookie);
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
    loginRoutes(scope as unknown as FastifyInstance, context, sessions);
    await scope.register(async (guarded) => {
      guarded.addHook(
        'onRequest',
        refusing(async (request, reply) => {
          if (sessions.read(request.cookies[SESSION_COOKIE], Date.now())) return;
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

/** A cookie goes out with what this site asks for, and nothing else changes anything here. */
function refuseOtherSites({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== headers.host);
  if (foreign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    throw new HoldpointError('FORBIDDEN', 'this comes from another site');
  }
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.authorization === undefined && (headers.accept ?? '').includes('text/html');
}

function loginRoutes(scope: FastifyInstance, { authenticator, logger }: Context, sessions: Sessions): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_MAX_BYTES },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  const hide = { schema: { hide: true } };

  scope.get(LOGIN, hide, async (_request, reply) => sendForm(reply, 200));

  scope.post(LOGIN, hide, async (request, reply) => {
    const { token } = (request.body ?? {}) as { token?: unknown };
    try {
      const principal = await authenticator.authenticateToken(typeof token === 'string' ? token.trim() : '');
      requireAny(principal, ['platform']);
      logger.info({ principal: principal.principal }, 'a platform admin looks at the queues');
      const secure = request.protocol === 'https' ? '; Secure' : '';
      const value = sessions.issue(principal.principal, Date.now());
      const attributes = `Path=${BASE}; Max-Age=${SESSION_SECONDS}; HttpOnly; SameSite=Strict${secure}`;
      return reply.header('set-cookie', `${SESSION_COOKIE}=${value}; ${attributes}`).redirect(BASE, 303);
    } catch (error) {
      if (!(error instanceof HoldpointError) || error.status >= 500) throw error;
      return sendForm(reply, error.status, error.message);
    }
  });

  scope.post(LOGOUT, hide, async (_request, reply) =>
    reply
      .header('set-cookie', `${SESSION_COOKIE}=; Path=${BASE}; Max-Age=0; HttpOnly; SameSite=Strict`)
      .redirect(LOGIN, 303),
  );
}

function sendForm(reply: FastifyReply, status: number, refusal?: string): FastifyReply {
  const said = refusal === undefined ? '' : `<p role="alert">${escapeHtml(refusal)}</p>`;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdpoint queues</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1rem}input,button{font:inherit;width:100%;padding:.5rem;margin:.25rem 0 1rem;box-sizing:border-box}</style>
</head><body><main><h1>Queues</h1>${said}
<form method="post" action="${LOGIN}"><label>API key or token of a platform admin
<input type="password" name="token" autocomplete="off" required autofocus></label><button>Log in</button></form>
</main></body></html>`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
