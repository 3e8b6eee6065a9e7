import type { ConnectorContext } from '@holdpoint/sdk/define';
import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { type AllowanceHeaders, usedUpSeconds } from './allowance.ts';
import { answeredAtMs, retryAfterSeconds } from './retry-after.ts';
import { sentProofs, vendorWords } from './vendor-words.ts';

export interface RemoteCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and forms (URLSearchParams, FormData) go as they are; anything else as JSON. */
  readonly body?: unknown;
  /** Whether it could change anything; all but GET and HEAD, unless told: a search may be a POST. */
  readonly effect?: boolean;
  /** Takes an answer of `text/plain` for what it is; else one that is not JSON is unreadable. */
  readonly text?: boolean;
  /** Failures of other systems that are an answer here: 404 to a DELETE that was sent before. */
  readonly alsoTaken?: readonly number[];
  /** Of this call; the whole tool's time holds anyway. */
  readonly timeoutMs?: number;
  /** The vendor's own words for a failure, out of its body; without it none of the body is told. */
  readonly describe?: (body: unknown) => string | undefined;
  /**
   * What the vendor means where its status does not say it: a refusal in a 200, a 403 for too many calls. The error that it
   * gives is thrown; undefined: the status counts. Asked of every answer that could be read.
   */
  readonly judge?: (answer: RemoteAnswer, words: string) => Error | undefined;
  /** The headers that tell what is left of the allowance; the usual ones unless told. */
  readonly allowance?: readonly AllowanceHeaders[];
}

export interface RemoteAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; null where there is none. Of a failure that is not JSON the text's beginning. */
  readonly body: unknown;
  /** What `Retry-After` asks for, or else the headers of an allowance that is used up. */
  readonly retryAfterSeconds: number | undefined;
}

/** Of a refusal that does not say how long it holds. */
const RETRY_AFTER_DEFAULT_SECONDS = 1;
const REFUSAL_MAX_LENGTH = 64 * 1024;
const PATH_MAX_LENGTH = 100;

/**
 * One HTTP call of the remote system, answered with its 2xx; anything else is thrown, told apart by how far it got:
 *
 * - never sent → what `ctx.fetch` proved of it counts, for the error carries its cause;
 * - 429 → `RateLimited` by `Retry-After` (RFC 6585 §4); 425 → `Retryable`: refused unprocessed (RFC 8470 §5.2);
 * - other 4xx, 301, 307, 308 → `Terminal`. No redirect is followed: credentials go to one origin;
 * - no answer, 408, 5xx, 302 and 303 (done, and told elsewhere), an unreadable answer → `Unknown`; where the call has no
 *   effect `Retryable`, or `RateLimited` where the answer says when to come again.
 *
 * An allowance that the headers say is used up is told by `ctx.rest`, whatever the answer.
 */
export async function callRemote(ctx: ConnectorContext, call: RemoteCall): Promise<RemoteAnswer> {
  const effect = call.effect ?? (call.method !== 'GET' && call.method !== 'HEAD');
  const headers = new Headers(call.headers);
  const name = `${call.method} ${vendorWords(call.url.pathname).slice(0, PATH_MAX_LENGTH)}`;
  const lost = (what: string, cause?: unknown) => {
    const message = `${name} ${what}`;
    return effect ? new Unknown(message, { cause }) : new Retryable(message, { cause });
  };
  const response = await send(ctx, call, headers).catch((cause: unknown) => {
    const code = (cause as { cause?: { code?: unknown } } | null)?.cause?.code;
    throw lost(`had no answer${typeof code === 'string' ? ` (${code})` : ''}`, cause);
  });

  const answeredMs = answeredAtMs(response.headers);
  const usedUp = usedUpSeconds(response.headers, answeredMs, call.allowance);
  if (usedUp !== undefined) ctx.rest(usedUp);
  const body = await readBody(response, call.text ?? false).catch((cause: unknown) => {
    throw lost(`answered ${response.status}, unreadably`, cause);
  });
  const answer: RemoteAnswer = {
    status: response.status,
    headers: response.headers,
    body,
    retryAfterSeconds: retryAfterSeconds(response.headers, answeredMs) ?? usedUp,
  };
  const said = response.ok && !call.judge ? undefined : call.describe?.(body);
  const words = `${name} answered ${answer.status}${said ? `: ${vendorWords(said, sentProofs(headers))}` : ''}`;
  const judged = call.judge?.(answer, words);
  if (judged) throw judged;
  if (response.ok || call.alsoTaken?.includes(response.status)) return answer;
  throw failureOf(answer, effect, words);
}

async function send(ctx: ConnectorContext, call: RemoteCall, headers: Headers): Promise<Response> {
  const { method, url, body, timeoutMs } = call;
  const asIs = typeof body === 'string' || body instanceof URLSearchParams || body instanceof FormData;
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  if (body !== undefined && !asIs && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return ctx.fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body: asIs ? body : JSON.stringify(body) }),
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  });
}

function failureOf({ status, retryAfterSeconds }: RemoteAnswer, effect: boolean, words: string): Error {
  if (status === 429) return new RateLimited(retryAfterSeconds ?? RETRY_AFTER_DEFAULT_SECONDS, words);
  if (status === 425) return new Retryable(words);
  const definite = (status >= 400 && status < 500 && status !== 408) || MOVED.has(status);
  if (definite) return new Terminal(words);
  if (effect) return new Unknown(words);
  if (status < 400) return new Terminal(words);
  return retryAfterSeconds === undefined ? new Retryable(words) : new RateLimited(retryAfterSeconds, words);
}

/** It is to be asked for elsewhere, and was not taken here (RFC 9110 §15.4). */
const MOVED: ReadonlySet<number> = new Set([301, 307, 308]);

/** Of a 2xx all must be readable; of a failure its status says enough, and its body is read for its words alone. */
async function readBody(response: Response, text: boolean): Promise<unknown> {
  if (!response.ok) return readRefusal(response);
  const read = await response.text();
  if (read.trim() === '') return null;
  if (text && /^text\/plain\b/i.test(response.headers.get('content-type') ?? '')) return read;
  const json = parsed(read);
  // In words of its own: what the parser says quotes the text.
  if (!json) throw new Error('it is not JSON');
  return json.value;
}

async function readRefusal(response: Response): Promise<unknown> {
  const read = await response.text().catch(() => '');
  if (read === '') return null;
  const json = parsed(read);
  return json ? json.value : read.slice(0, REFUSAL_MAX_LENGTH);
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
