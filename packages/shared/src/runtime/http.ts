import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { safeParse } from 'zod/v4/core';
import { HoldpointError } from '../domain/errors.ts';
import { type Authenticator, requireAny } from './auth.ts';
import { type Checks, type Readiness, runChecks } from './health.ts';
import { clientErrorHandler, HTTP_LIMITS, type HttpLimits } from './http-connections.ts';
import { invalidRequest, sendError } from './http-errors.ts';
import { newId } from './ids.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Access, Principal } from './principal.ts';
import { usableSession } from './session-cookie.ts';
import { type Trace, traceFrom } from './trace.ts';
import { noTracing, type Tracing } from './tracing.ts';

export { invalidRequest } from './http-errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** This request's span, under the caller's where it sent a `traceparent`. */
    trace: Trace;
    /** Who asks. Throws UNAUTHENTICATED on a route that is not guarded by `authenticated`. */
    principal: Principal;
  }
}

/** Fastify with zod schemas for bodies, queries, parameters and answers. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>;

export interface HttpOptions {
  readonly service: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where spans of `/v1` go. */
  readonly tracing?: Tracing;
  /** What `/readyz` asks, by name. */
  readonly checks: Checks;
  /** What `/readyz` says beside its checks, by name; it makes nobody less ready. */
  notes?(): Readonly<Record<string, string>>;
  readonly openapi: { readonly title: string; readonly description: string };
  readonly bodyMaxBytes: number;
  /** Whose `X-Forwarded-For` is believed: all, none, the nearest n, or these addresses. */
  readonly trustProxy?: boolean | number | string[];
  /** HTTP_LIMITS unless told. */
  readonly limits?: HttpLimits;
}

export interface Http {
  readonly app: App;
  /** Starts to listen; answers where: `http://127.0.0.1:4001`. */
  listen(host: string, port: number): Promise<string>;
  /** From now on `/readyz` says 503, so that balancers look elsewhere; requests are still served. */
  drain(): void;
  /** Refuses new requests with 503, finishes those in flight, and closes. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 72_000;

/** Health, metrics, API docs, traces and one error mapper; a service adds its routes to `app`. */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const state = { draining: false, closing: false };
  const limits = options.limits ?? HTTP_LIMITS;
  const app: App = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyMaxBytes,
    // A body's keys are its own data, which nothing here merges into an object; who stores them refuses `__proto__` by name.
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    trustProxy: trustedProxies(options.trustProxy ?? false),
    requestTimeout: limits.requestMaxMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: limits.headersMaxBytes,
      headersTimeout: limits.headersMaxMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    // As long as a request line may be, so that a name too long is answered by its route: there is nothing of that name.
    routerOptions: { maxParamLength: limits.headersMaxBytes },
    requestIdHeader: false,
    genReqId: newId,
    forceCloseConnections: 'idle',
    // The hook below refuses in our own words.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendError(error, request as FastifyRequest, reply as never),
    clientErrorHandler,
  }).withTypeProvider<ZodTypeProvider>();

  app.server.maxConnections = limits.connectionsMax;
  // Beyond a count Node would drop headers without a word; their bytes are bounded already.
  app.server.maxHeadersCount = 0;
  app.setValidatorCompiler(({ schema, httpPart }) => (data) => {
    const result = safeParse(schema as never, data);
    return result.success ? { value: result.data } : { error: invalidRequest(result.error.issues as never, httpPart) };
  });
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) =>
    sendError(new HoldpointError('NOT_FOUND', 'no such route'), request, reply),
  );
  app.decorateRequest('trace', undefined as never);
  decoratePrincipal(app);
  app.addHook('onRequest', async (request) => {
    request.trace = traceFrom(request.headers.traceparent as string | undefined);
    if (state.closing) throw new HoldpointError('DEPENDENCY_UNAVAILABLE', `${options.service} is shutting down`);
  });
  measureRequests(app, options.metrics);
  traceRequests(app, options.tracing ?? noTracing);
  await addDocs(app, options);
  addHealth(app, options, state);

  return {
    app,
    listen: (host, port) => app.listen({ host, port }),
    drain() {
      state.draining = true;
    },
    async close() {
      state.draining = true;
      state.closing = true;
      await app.close();
    },
  };
}

/**
 * A hook that authenticates and asks for one of the given accesses; the first thing a route does, before its body is read.
 * Where no Authorization is sent, the cookie of a signed-in person is taken; it changes something only with its CSRF token.
 *
 *     app.get('/v1/sources', { onRequest: authenticated({ authenticator, scope: 'admin' }) }, …)
 *     app.post('/v1/freezes', { onRequest: authenticated({ authenticator, scope: ['person', 'admin'] }) }, …)
 */
export function authenticated(options: {
  readonly authenticator: Authenticator;
  readonly scope: Access | readonly Access[];
}): (request: FastifyRequest) => Promise<void> {
  const wanted = typeof options.scope === 'string' ? [options.scope] : options.scope;
  return async (request) => {
    const principal = await principalOf(options.authenticator, request);
    requireAny(principal, wanted);
    request.principal = principal;
  };
}

async function principalOf(authenticator: Authenticator, request: FastifyRequest): Promise<Principal> {
  const session = request.headers.authorization === undefined ? usableSession(request) : undefined;
  if (session === undefined) return authenticator.authenticate(request.headers);
  const found = await authenticator.findSession(session);
  if (!found) throw new HoldpointError('UNAUTHENTICATED', 'you are not signed in any more');
  return found.principal;
}

function trustedProxies(trust: boolean | number | string[]) {
  return typeof trust === 'number' ? (_address: string, hop: number) => hop < trust : trust;
}

const PRINCIPAL = Symbol('principal');

function decoratePrincipal(app: App): void {
  app.decorateRequest('principal', {
    getter(this: FastifyRequest & { [PRINCIPAL]?: Principal }): Principal {
      const principal = this[PRINCIPAL];
      if (!principal) throw new HoldpointError('UNAUTHENTICATED', 'send Authorization: Bearer <api key or JWT>');
      return principal;
    },
    setter(this: FastifyRequest & { [PRINCIPAL]?: Principal }, principal: Principal) {
      this[PRINCIPAL] = principal;
    },
  } as never);
}

function measureRequests(app: App, metrics: Metrics): void {
  const duration = metrics.histogram('http_request_seconds', 'How long requests took', ['method', 'route', 'status']);
  app.addHook('onResponse', async (request, reply) => {
    const seconds = reply.elapsedTime / 1000;
    const route = request.routeOptions.url ?? 'unmatched';
    duration.observe({ method: request.method, route, status: reply.statusCode }, seconds);
    request.log.debug(
      { method: request.method, route, status: reply.statusCode, seconds, trace_id: request.trace?.traceId },
      'request',
    );
  });
}

/** The API alone: what is asked every few seconds, and pages for people, would drown it. */
function traceRequests(app: App, tracing: Tracing): void {
  if (!tracing.on) return;
  app.addHook(
    'onResponse',
    async ({ method, routeOptions: { url: route = '' }, trace }, { statusCode, elapsedTime }) => {
      if (!route.startsWith('/v1/') || !trace) return;
      tracing.record(() => ({
        name: `${method} ${route}`,
        kind: 'server',
        trace,
        startedAtMs: performance.now() - elapsedTime,
        failed: statusCode >= 500,
        attributes: { 'http.request.method': method, 'http.route': route, 'http.response.status_code': statusCode },
      }));
    },
  );
}

async function addDocs(app: App, { openapi }: HttpOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: openapi.title, description: openapi.description, version: '1' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

function addHealth(app: App, { checks, notes, metrics }: HttpOptions, state: { readonly draining: boolean }): void {
  const schema = (summary: string) => ({ tags: ['health'], summary, security: [] });
  app.get('/healthz', { schema: schema('Whether the process lives') }, async () => ({ status: 'ok' }));
  app.get(
    '/readyz',
    { schema: schema('Whether it can do its work: 503 when a dependency is away') },
    async (_, reply) => {
      const { status, checks: results } = await runChecks(checks);
      const readiness: Readiness = {
        status: state.draining ? 'draining' : status,
        checks: { ...results, ...notes?.() },
      };
      return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
    },
  );
  app.get('/metrics', { schema: schema('Prometheus metrics') }, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}
