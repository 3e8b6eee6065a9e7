import { readFile } from 'node:fs/promises';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { saidSchema } from '@holdpoint/shared/domain/plain-text';
import { requirePerson } from '@holdpoint/shared/runtime/auth';
import { type App, invalidRequest } from '@holdpoint/shared/runtime/http';
import { toHoldpointError } from '@holdpoint/shared/runtime/http-errors';
import type { PersonPrincipal } from '@holdpoint/shared/runtime/principal';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { consolePage, type Notice, signInPage } from '../core/console-page.ts';
import { approvalOf, isId, vote } from '../decide.ts';
import { listApprovals } from '../store/list-approvals.ts';
import { listUnknownOutcomes } from '../store/list-unknown-outcomes.ts';
import { COMMENT_MAX_CHARS } from './decide.ts';
import { csrfTokenOf, requireCsrf, SESSION_COOKIE, SESSION_MAX_BYTES } from './session.ts';

const PAGE_ENTRIES = 25;
const UNKNOWN_ENTRIES = 25;
const ASSETS = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
} as const;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const NOTICES: Readonly<Record<string, Notice>> = {
  approve: { tone: 'good', text: 'Your approval was recorded.' },
  deny: { tone: 'good', text: 'Your denial was recorded.' },
  out: { tone: 'good', text: 'You are signed out.' },
};

type Fields = Readonly<Record<string, string>>;

/** The page at `/` and the forms on it. Forms are only understood here, so that no form can call the API. */
export async function addConsole(app: App, context: Context): Promise<void> {
  await app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    scope.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      refuseForeignForms(request);
    });
    scope.setErrorHandler((error, request, reply) => showError(context, error, request, reply));
    await addAssets(scope as unknown as App);
    addPage(scope as unknown as App, context);
    addForms(scope as unknown as App, context);
  });
}

async function addAssets(app: App): Promise<void> {
  for (const [name, type] of Object.entries(ASSETS)) {
    const text = await readFile(new URL(`../assets/${name}`, import.meta.url), 'utf8');
    app.get(`/console/${name}`, { schema: { hide: true } }, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').type(type).send(text),
    );
  }
}

function addPage(app: App, context: Context): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    const query = request.query as Partial<Record<string, unknown>>;
    const notice = NOTICES[String(query.done)];
    if (request.cookies[SESSION_COOKIE] === undefined) return sendPage(reply, 200, signInPage(notice));
    const { person, session } = await signedInPerson(context, request);
    return sendPage(reply, 200, await pageFor(context, person, session, notice, query.cursor));
  });
}

function addForms(app: App, context: Context): void {
  const schema = { hide: true };

  app.post('/console/sign-in', { schema }, async (request, reply) => {
    const token = fieldsOf(request).token?.trim() ?? '';
    const person = await personOf(context, token);
    if (token.length > SESSION_MAX_BYTES)
      throw new HoldpointError('INVALID_REQUEST', 'the token is too long for a cookie');
    request.log.info({ person: person.principal }, 'signed in to the console');
    return reply
      .setCookie(SESSION_COOKIE, token, {
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
        path: '/',
      })
      .redirect('/', 303);
  });

  app.post('/console/sign-out', { schema }, async (request, reply) => {
    const session = request.cookies[SESSION_COOKIE];
    if (session !== undefined) requireCsrf(session, fieldsOf(request).csrf);
    return reply.clearCookie(SESSION_COOKIE, { path: '/' }).redirect('/?done=out', 303);
  });

  for (const cast of ['approve', 'deny'] as const) {
    app.post(`/console/approvals/:id/${cast}`, { schema }, async (request, reply) => {
      const { person, session } = await signedInPerson(context, request);
      const fields = fieldsOf(request);
      requireCsrf(session, fields.csrf);
      const comment = saidIn(cast === 'approve' ? fields.comment : fields.reason);
      const { id } = request.params as { id: string };
      approvalOf(await vote(context, person, { approvalId: id, vote: cast, comment }));
      return reply.redirect(`/?done=${cast}`, 303);
    });
  }
}

/** @throws {HoldpointError} INVALID_REQUEST */
function saidIn(field: string | undefined): string | null {
  if (!field?.trim()) return null;
  const said = saidSchema(COMMENT_MAX_CHARS).safeParse(field);
  if (!said.success) throw invalidRequest(said.error.issues);
  return said.data;
}

/** Browsers say where a form was sent from: another site's is refused even before its token is looked at. */
function refuseForeignForms(request: FastifyRequest): void {
  const from = request.headers['sec-fetch-site'];
  if (request.method === 'POST' && from !== undefined && from !== 'same-origin' && from !== 'none') {
    throw new HoldpointError('FORBIDDEN', 'this form was sent from another site');
  }
}

async function signedInPerson(
  context: Context,
  request: FastifyRequest,
): Promise<{ person: PersonPrincipal; session: string }> {
  const session = request.cookies[SESSION_COOKIE];
  if (session === undefined) throw new HoldpointError('UNAUTHENTICATED', 'you are not signed in');
  return { person: await personOf(context, session), session };
}

async function personOf({ authenticator }: Context, token: string): Promise<PersonPrincipal> {
  const principal = await authenticator.authenticateToken(token);
  requirePerson(principal);
  return principal;
}

async function pageFor(
  { db, clock }: Context,
  person: PersonPrincipal,
  session: string,
  notice: Notice | undefined,
  cursor?: unknown,
): Promise<string> {
  const before = typeof cursor === 'string' && isId(cursor) ? cursor : undefined;
  const { tenant } = person;
  const [rows, unknown] = await Promise.all([
    listApprovals(db, { tenant, status: 'pending', before, limit: PAGE_ENTRIES }),
    listUnknownOutcomes(db, { tenant, limit: UNKNOWN_ENTRIES }),
  ]);
  const entries = rows.slice(0, PAGE_ENTRIES);
  return consolePage({
    person,
    csrf: csrfTokenOf(session),
    entries,
    next: rows.length > PAGE_ENTRIES ? entries.at(-1)?.approval.id : undefined,
    unknown: { entries: unknown.slice(0, UNKNOWN_ENTRIES), more: unknown.length > UNKNOWN_ENTRIES },
    notice,
    nowMs: clock().getTime(),
  });
}

/** Says what went wrong on the page itself: the sign-in page for who is not signed in, else the list. */
async function showError(
  context: Context,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const refusal = toHoldpointError(error);
  if (refusal.status >= 500) request.log.error({ err: error, code: refusal.code }, 'the console failed');
  const notice: Notice = { tone: 'bad', text: `Not done: ${refusal.message}.` };
  const session = request.cookies[SESSION_COOKIE];
  const person = session && (await personOf(context, session).catch(() => undefined));
  if (!session || !person) {
    // A token that is good no more must not stand in the way of the next.
    if (session && refusal.code === 'UNAUTHENTICATED') reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return sendPage(reply, refusal.status, signInPage(notice));
  }
  const page = await pageFor(context, person, session, notice).catch(() => signInPage(notice));
  return sendPage(reply, refusal.status, page);
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

function fieldsOf(request: FastifyRequest): Fields {
  return (request.body ?? {}) as Fields;
}
