import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';

const RETRY_AFTER_DEFAULT_SECONDS = 1;

/** Fails before a byte of the request has left. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** One call of the development server, its failure told apart by how far it got. */
export async function callRemote(
  ctx: ConnectorContext,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const baseUrl = ctx.config.baseUrl;
  if (typeof baseUrl !== 'string') throw new Terminal("the tenant's connectors.ts gives no baseUrl");
  const response = await send(ctx, new URL(path, baseUrl), method, body);
  if (response.ok) return read(response);
  const message = `${method} ${path} answered ${response.status}`;
  await response.body?.cancel();
  if (response.status === 429) throw new RateLimited(retryAfterSeconds(response), message);
  throw response.status < 500 ? new Terminal(message) : new Unknown(message);
}

async function send(ctx: ConnectorContext, url: URL, method: string, body?: object): Promise<Response> {
  try {
    return await ctx.fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${ctx.secret('token')}`,
        ...(ctx.idempotencyKey !== null && { 'idempotency-key': ctx.idempotencyKey }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: ctx.signal,
    });
  } catch (cause) {
    const code = (cause as { cause?: { code?: string } } | null)?.cause?.code;
    const message = `${method} ${url.pathname} had no answer${code ? ` (${code})` : ''}`;
    throw code !== undefined && NOT_SENT.has(code)
      ? new Retryable(message, { cause })
      : new Unknown(message, { cause });
  }
}

/** It was done, and how is lost: that is not known to be a failure. */
async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new Unknown('the answer broke off', { cause });
  }
}

function retryAfterSeconds(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : RETRY_AFTER_DEFAULT_SECONDS;
}
