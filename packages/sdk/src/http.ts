import { ERROR_CODES, type ErrorCode, HoldpointError, type Problem } from '@holdpoint/shared/domain/errors';
import { z } from 'zod';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly base: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the answer may take beyond the usual: for calls that ask the server to wait. */
  readonly waitSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpSettings {
  readonly key: string;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/** Calls of one service. */
export type Service = <T>(schema: z.ZodType<T>, request: Omit<HttpRequest, 'base'>) => Promise<T>;

export interface Page {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export const pageOf = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item), next_cursor: z.string().nullish() });

/** An id as one segment of a path. */
export const id = (value: string): string => encodeURIComponent(value);

const problemSchema = z.looseObject({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string().default(''),
  details: z.record(z.string(), z.unknown()).default({}),
});

/** One call of the API. Every failure is a HoldpointError: what the server said, or that it could not be asked. */
export async function call<T>(settings: HttpSettings, request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  const response = await send(settings, request);
  const text = await readText(response);
  if (!response.ok) throw toError(response, text);
  const parsed = schema.safeParse(text === '' ? undefined : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new HoldpointError('INTERNAL', `${request.method} ${request.path} answered something else than it should`, {
    issues: parsed.error.issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), reason: message })),
  });
}

/** One call of the API whose answer is bytes. */
export async function callBytes(settings: HttpSettings, request: HttpRequest): Promise<Uint8Array> {
  const response = await send(settings, request);
  if (!response.ok) throw toError(response, await readText(response));
  return new Uint8Array(await whole(response, () => response.arrayBuffer()));
}

/** A stream that says nothing for so long, not even that it is there, is gone. */
const SILENCE_MAX_MS = 60_000;

/** One call of the API whose answer goes on: its bytes as they come, until it ends, breaks off or falls silent. */
export async function* callStream(settings: HttpSettings, request: HttpRequest): AsyncGenerator<Uint8Array> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(new Error('nothing was heard')), SILENCE_MAX_MS);
  try {
    const response = await send(settings, request, silent.signal);
    if (!response.ok) throw toError(response, await readText(response));
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new HoldpointError('INTERNAL', `${request.path} answered something else than a stream`);
    }
    const chunks = response.body?.[Symbol.asyncIterator]();
    for (;;) {
      timer.refresh();
      const chunk = await whole(response, async () => chunks?.next());
      if (chunk === undefined || chunk.done) return;
      yield chunk.value;
    }
  } finally {
    clearTimeout(timer);
    silent.abort();
  }
}

async function send(settings: HttpSettings, request: HttpRequest, end?: AbortSignal): Promise<Response> {
  const url = new URL(request.path.replace(/^\//, ''), request.base.endsWith('/') ? request.base : `${request.base}/`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const deadline = end ?? AbortSignal.timeout(settings.timeoutMs + (request.waitSeconds ?? 0) * 1000);
  try {
    return await settings.fetch(url, {
      method: request.method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...request.headers,
        authorization: `Bearer ${settings.key}`,
        ...(request.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      signal: request.signal ? AbortSignal.any([request.signal, deadline]) : deadline,
    });
  } catch (cause) {
    throw unreachable(url.origin, cause);
  }
}

const readText = (response: Response): Promise<string> => whole(response, () => response.text());

/** A body that breaks off is no answer. */
async function whole<T>(response: Response, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw unreachable(new URL(response.url).origin, cause);
  }
}

function unreachable(origin: string, cause: unknown): HoldpointError {
  const why = cause instanceof Error ? String((cause.cause as Error | undefined)?.message ?? cause.message) : 'failed';
  return new HoldpointError('DEPENDENCY_UNAVAILABLE', `${origin} cannot be reached: ${why}`, {}, { cause });
}

function toError(response: Response, text: string): HoldpointError {
  const problem = problemSchema.safeParse(parseJson(text));
  const retryAfter = Number(response.headers.get('retry-after'));
  const wait = retryAfter > 0 ? { retry_after_seconds: retryAfter } : {};
  if (problem.success) {
    const { code, detail, details } = problem.data as Pick<Problem, 'code' | 'detail' | 'details'>;
    return new HoldpointError(code, detail, { ...wait, ...details });
  }
  return new HoldpointError(codeOf(response.status), `the server answered ${response.status}`, wait);
}

/** What a bare status says, for answers that something in between gave. */
function codeOf(status: number): ErrorCode {
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 409) return 'CONFLICT';
  if (status === 413) return 'PAYLOAD_TOO_LARGE';
  if (status === 429) return 'RATE_LIMIT';
  if (status === 502 || status === 503 || status === 504) return 'DEPENDENCY_UNAVAILABLE';
  return status >= 400 && status < 500 ? 'INVALID_REQUEST' : 'INTERNAL';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
