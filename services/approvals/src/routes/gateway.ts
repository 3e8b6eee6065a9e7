import { pipeline, Transform } from 'node:stream';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { ConsoleService } from '@holdpoint/shared/runtime/config';
import type { App } from '@holdpoint/shared/runtime/http';
import {
  CSRF_HEADER,
  cookieFor,
  csrfTokenOf,
  SESSION_COOKIE,
  usableSession,
} from '@holdpoint/shared/runtime/session-cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import type { Context } from '../context.ts';
import { GATEWAY_ROUTES, type GatewayRoute, upstreamPath } from '../core/gateway-routes.ts';
import { signedInPerson } from './session.ts';

const CONNECTIONS_MAX = 32;
const CONNECT_MAX_MS = 3_000;
const TOLD_ON = ['content-type', 'retry-after'] as const;

/**
 * What the console asks of the other services goes through here, so that browsers need to reach one address alone. What is passed
 * on is the session itself, not a word of ours about it: the service looks it up and decides as if it had been asked directly,
 * and whoever has taken over this one gains no power to speak for people who are not there.
 */
export async function addGateway(app: App, context: Context): Promise<void> {
  const { gatewayMaxMs } = context.config.limits;
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    connect: { timeout: CONNECT_MAX_MS },
    headersTimeout: gatewayMaxMs,
    bodyTimeout: gatewayMaxMs,
  });
  app.addHook('onClose', () => agent.destroy());
  await app.register(async (scope) => {
    // Bodies are passed on as they came: what is in them is for the service to read.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    for (const route of GATEWAY_ROUTES) {
      scope.route({
        method: route.method,
        url: `/console/api/${route.service}${route.route}`,
        schema: { hide: true },
        onRequest: async (request) => refuseAllButSessions(request),
        handler: async (request, reply) => passOn(context, agent, route, request, reply),
      });
    }
  });
}

/** Before the body is read. A token or key is for the services themselves: it must not stand in for the session's CSRF token. */
function refuseAllButSessions(request: FastifyRequest): void {
  const session = request.headers.authorization === undefined ? usableSession(request) : undefined;
  if (session === undefined) throw new HoldpointError('UNAUTHENTICATED', 'you are not signed in');
}

async function passOn(
  context: Context,
  agent: Agent,
  { service, method, route }: GatewayRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { services } = context.config.console;
  const { gatewayMaxMs, gatewayAnswerMaxBytes } = context.config.limits;
  const base = services[service];
  if (base === undefined)
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', `the console is not told where ${service} is`);
  const { token } = await signedInPerson(context, request);
  const at = request.url.indexOf('?');
  const target = new URL(base);
  const path = upstreamPath(route, request.params as Record<string, string>, at < 0 ? '' : request.url.slice(at));
  if (path === undefined) throw new HoldpointError('NOT_FOUND', 'no such route');
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(gatewayMaxMs)]);
  const body = request.body instanceof Buffer ? request.body : undefined;
  let answer: Dispatcher.ResponseData;
  try {
    answer = await agent.request({
      origin: target.origin,
      path: `${target.pathname.replace(/\/$/, '')}${path}`,
      method,
      signal,
      headers: {
        accept: 'application/json',
        cookie: `${cookieFor(target.protocol, SESSION_COOKIE)}=${token}`,
        [CSRF_HEADER]: csrfTokenOf(token),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body }),
    });
  } catch (cause) {
    throw away(service, cause);
  }
  const redirects = answer.statusCode >= 300 && answer.statusCode < 400;
  if (redirects || Number(answer.headers['content-length'] ?? 0) > gatewayAnswerMaxBytes) {
    answer.body.on('error', () => {}).destroy();
    throw new HoldpointError('INTERNAL', `${service} answered ${redirects ? 'with a redirect' : 'with too much'}`);
  }
  reply.code(answer.statusCode).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  for (const name of TOLD_ON) {
    const value = answer.headers[name];
    if (value !== undefined) reply.header(name, value);
  }
  // What goes wrong on the way ends the answer, too.
  return reply.send(pipeline(answer.body, upTo(gatewayAnswerMaxBytes), () => {}));
}

/** An answer that is longer, or breaks off, ends in the middle: the browser sees that it is not whole. */
function upTo(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(new Error(`an answer of more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}

function away(service: ConsoleService, cause: unknown): HoldpointError {
  return new HoldpointError('DEPENDENCY_UNAVAILABLE', `${service} does not answer, try again`, {}, { cause });
}
