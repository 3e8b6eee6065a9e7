import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { requirePerson } from '@holdpoint/shared/runtime/auth';
import { CONSOLE_SERVICES, type ConsoleService } from '@holdpoint/shared/runtime/config';
import type { App } from '@holdpoint/shared/runtime/http';
import type { PersonPrincipal } from '@holdpoint/shared/runtime/principal';
import {
  CSRF_HEADER,
  csrfTokenOf,
  refuseOtherSites,
  requireCsrf,
  SESSION_COOKIE,
} from '@holdpoint/shared/runtime/session-cookie';
import { addOidcRoutes } from '@holdpoint/shared/sign-in/oidc-routes';
import { closeSession, type OpenedSession, openSession, sessionOf } from '@holdpoint/shared/sign-in/sessions';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Context } from '../context.ts';

const BASE = '/console';
const TOKEN_MAX_CHARS = 16 * 1024;

interface SignedIn extends OpenedSession {
  readonly person: PersonPrincipal;
}

/** Who is signed in at the console; throws UNAUTHENTICATED. */
export async function signedInPerson({ authenticator }: Context, request: FastifyRequest): Promise<SignedIn> {
  const session = await sessionOf({ authenticator, cookie: SESSION_COOKIE }, request);
  if (!session) throw new HoldpointError('UNAUTHENTICATED', 'you are not signed in');
  const { principal, ...rest } = session;
  requirePerson(principal);
  return { person: principal, ...rest };
}

const sessionSchema = z.object({
  person: z.object({
    principal: z.string(),
    name: z.string(),
    tenant: z.string(),
    audiences: z.array(z.string()).readonly(),
    scopes: z.array(z.string()),
  }),
  csrf: z.string(),
  expires_at: z.iso.datetime(),
  services: z.object({ executor: z.boolean(), evaluator: z.boolean(), ingest: z.boolean() }),
  queues_url: z.string().nullable(),
});

/** Signing in to the console and out of it, and who is there. */
export function addSessionRoutes(app: App, context: Context): void {
  const { config } = context;
  const door = { ...context, cookie: SESSION_COOKIE };
  const hidden = { hide: true } as const;
  const sessionView = ({ person, token, expiresAt }: SignedIn): z.input<typeof sessionSchema> => ({
    person: {
      principal: person.principal,
      name: person.name,
      tenant: person.tenant,
      audiences: [...person.audiences],
      scopes: [...person.scopes],
    },
    csrf: csrfTokenOf(token),
    expires_at: expiresAt.toISOString(),
    services: Object.fromEntries(
      CONSOLE_SERVICES.map((service) => [service, config.console.services[service] !== undefined]),
    ) as Record<ConsoleService, boolean>,
    queues_url: (person.scopes.has('platform') && config.console.queuesUrl) || null,
  });
  const notKept = async (_request: FastifyRequest, reply: FastifyReply) =>
    void reply.header('cache-control', 'no-store');

  app.get(
    '/console/session',
    { onRequest: notKept, schema: { ...hidden, response: { 200: sessionSchema } } },
    async (request) => sessionView(await signedInPerson(context, request)),
  );

  app.get('/console/sign-in-options', { onRequest: notKept, schema: hidden }, async () => ({
    token: config.jwt !== undefined,
    oidc: config.oidc ? { name: config.oidc.name, start: `${BASE}/oidc/start` } : null,
  }));

  if (config.oidc) {
    addOidcRoutes(app as unknown as FastifyInstance, { ...context, oidc: config.oidc, base: BASE, home: '/' });
  }

  app.post(
    '/console/sign-in',
    {
      onRequest: [notKept, async (request) => refuseOtherSites(request)],
      schema: {
        ...hidden,
        body: z.strictObject({ token: z.string().trim().min(1).max(TOKEN_MAX_CHARS) }),
        response: { 200: sessionSchema },
      },
    },
    async ({ body }, reply) => {
      const proven = await context.authenticator.authenticateToken(body.token);
      // No key and no service's token opens the console.
      requirePerson(proven.principal);
      return sessionView({ person: proven.principal, ...(await openSession(door, reply, proven)) });
    },
  );

  app.post(
    '/console/sign-out',
    { onRequest: [notKept, async (request) => refuseOtherSites(request)], schema: hidden },
    async (request, reply) => {
      const session = await sessionOf(door, request);
      // Who is signed in is signed out by their own page alone.
      if (session) requireCsrf(session.token, request.headers[CSRF_HEADER]);
      await closeSession(door, reply);
      return reply.code(204).send();
    },
  );
}
