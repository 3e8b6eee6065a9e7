import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callRemote, type RemoteAnswer, type RemoteCall } from '../remote/call-remote.ts';
import { headerKey } from '../remote/header-key.ts';
import { type HttpConfig, httpConfigSchema, proofOf } from './http-config.ts';
import { addressOf, isAllowed } from './request-path.ts';
import type { http } from './tools.ts';

interface HttpArgs {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

/** For every connector that `defineHttp` makes. */
export const runner = defineConnector<typeof http>({
  init({ tenants }) {
    for (const [tenant, { config, secret }] of Object.entries(tenants)) {
      const parsed = httpConfigSchema.safeParse(config);
      if (!parsed.success) throw new Error(`config of tenant ${tenant}: ${z.prettifyError(parsed.error)}`);
      proofOf(parsed.data, secret);
    }
  },
  run: {
    get: (args, ctx) => call(ctx, 'GET', args),
    post: (args, ctx) => call(ctx, 'POST', args),
    put: (args, ctx) => call(ctx, 'PUT', args),
    patch: (args, ctx) => call(ctx, 'PATCH', args),
    // Sent before, it may be what has taken the thing away: RFC 9110 §9.2.2 calls that the same effect.
    delete: (args, ctx) => call(ctx, 'DELETE', args, ctx.attempt > 1 ? [404, 410] : []),
  },
});

/** Answers `{ status, body, location?, etag? }`, the last two where the system gives them. */
async function call(ctx: ConnectorContext, method: RemoteCall['method'], args: HttpArgs, alsoTaken: number[] = []) {
  const config = configOf(ctx);
  const url = urlOf(config, args);
  const keyed = method !== 'GET' && config.idempotencyHeader !== null && ctx.idempotencyKey !== null;
  const answer = await callRemote(ctx, {
    method,
    url,
    headers: {
      ...args.headers,
      ...proofOf(config, (name) => ctx.secret(name)),
      ...(keyed && { [config.idempotencyHeader ?? '']: headerKey(ctx.idempotencyKey ?? '') }),
    },
    ...(args.body !== undefined && { body: args.body }),
    ...(config.timeoutMs !== undefined && { timeoutMs: config.timeoutMs }),
    text: true,
    alsoTaken,
    describe,
  });
  return resultOf(answer, alsoTaken);
}

function configOf(ctx: ConnectorContext): HttpConfig {
  const parsed = httpConfigSchema.safeParse(ctx.config);
  if (parsed.success) return parsed.data;
  throw new Terminal(`the tenant's connectors.ts: ${z.prettifyError(parsed.error)}`);
}

function urlOf({ baseUrl, allowedPaths }: HttpConfig, { path, query = {} }: HttpArgs): URL {
  const url = addressOf(new URL(baseUrl), path);
  if (!url) throw new Terminal(`${path} is not a path below the system's address`);
  if (allowedPaths && !isAllowed(path, allowedPaths))
    throw new Terminal(`${path} is none of the tenant's allowedPaths`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url;
}

function resultOf({ status, headers, body }: RemoteAnswer, gone: readonly number[]) {
  const [location, etag] = [headers.get('location'), headers.get('etag')];
  return {
    status,
    body: gone.includes(status) ? null : body,
    ...(location !== null && { location }),
    ...(etag !== null && { etag }),
  };
}

/** Where systems put what they have to say of a failure: RFC 9457 §3.1 `detail` and `title`, or what most others do. */
function describe(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { detail, message, error, title } = body as Record<string, unknown>;
  return [detail, message, error, title].find((one): one is string => typeof one === 'string' && one !== '');
}
