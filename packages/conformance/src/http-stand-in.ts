import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fault, RETRY_AFTER_SECONDS } from './spec.ts';

const BODY_MAX_BYTES = 1024 * 1024;

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StandInResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
}

export interface HttpStandInOptions {
  /** The vendor's world: takes one request and answers it. What it throws is answered with `error`. */
  handle(request: StandInRequest): StandInResponse | Promise<StandInResponse>;
  /** Whether a request could have an effect; by its method unless told. */
  isEffect?(request: StandInRequest): boolean;
  /** The vendor's refusal of one request too many. */
  rateLimited(retryAfterSeconds: number): StandInResponse;
  /** The vendor's internal error; a bare 500 unless told. */
  error?(): StandInResponse;
  /** The vendor's refusal of a request that it does not like; a 400 unless told. */
  refuse?(words: string): StandInResponse;
  /** The answer with what says that the allowance is used up for so long. */
  exhausted?(response: StandInResponse, resetSeconds: number): StandInResponse;
}

export interface HttpStandIn {
  /** With a `/` at its end. */
  readonly url: string;
  fault(fault: Fault, on: 'effect' | 'any'): void;
  heard(): number;
  close(): Promise<void>;
}

/** A vendor's HTTP API on this machine, which does to one request what it is told to. */
export async function startHttpStandIn(options: HttpStandInOptions): Promise<HttpStandIn> {
  const isEffect = options.isEffect ?? (({ method }) => method !== 'GET' && method !== 'HEAD');
  let pending: { readonly fault: Fault; readonly on: 'effect' | 'any' } | undefined;
  let heard = 0;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    heard += 1;
    if (pending === undefined || (pending.on === 'effect' && !isEffect(request))) {
      return write(outgoing, await handled(options, request));
    }
    const { fault } = pending;
    pending = undefined;
    await suffer(fault, options, request, outgoing);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    fault(fault, on) {
      pending = { fault, on };
    },
    heard: () => heard,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function suffer(
  fault: Fault,
  options: HttpStandInOptions,
  request: StandInRequest,
  outgoing: ServerResponse,
): Promise<void> {
  const error = () => options.error?.() ?? { status: 500, body: { error: 'internal error' } };
  switch (fault) {
    case 'rate_limited':
      return write(outgoing, options.rateLimited(RETRY_AFTER_SECONDS));
    case 'echo': {
      const words = JSON.stringify({ headers: request.headers, body: request.body });
      return write(outgoing, options.refuse?.(words) ?? { status: 400, body: { error: words } });
    }
    case 'error_before':
      return write(outgoing, error());
    case 'error_after':
      await handled(options, request);
      return write(outgoing, error());
    case 'silence_before':
      return;
    case 'silence_after':
      await handled(options, request);
      return;
    case 'reset_before':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'reset_after':
      await handled(options, request);
      outgoing.socket?.resetAndDestroy();
      return;
    case 'cut_short':
      return cutShort(outgoing, await handled(options, request));
    case 'garbled':
      await handled(options, request);
      return write(outgoing, {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>maintenance</html>',
      });
    case 'exhausted': {
      const response = await handled(options, request);
      return write(outgoing, options.exhausted?.(response, RETRY_AFTER_SECONDS) ?? response);
    }
    default:
      fault satisfies never;
  }
}

async function handled(options: HttpStandInOptions, request: StandInRequest): Promise<StandInResponse> {
  try {
    return await options.handle(request);
  } catch (error) {
    return { status: 500, body: { error: String(error) } };
  }
}

function write(outgoing: ServerResponse, { status, headers = {}, body }: StandInResponse): void {
  const text = body === undefined || typeof body === 'string';
  outgoing.writeHead(status, { ...(!text && { 'content-type': 'application/json' }), ...headers });
  outgoing.end(text ? body : JSON.stringify(body));
}

/** Says how long the answer is, and stops before its end. */
function cutShort(outgoing: ServerResponse, { status, headers = {}, body = ' ' }: StandInResponse): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const json = typeof body === 'string' ? {} : { 'content-type': 'application/json' };
  outgoing.writeHead(status, { ...json, ...headers, 'content-length': String(Buffer.byteLength(text) + 1) });
  outgoing.write(text.slice(0, Math.floor(text.length / 2)), () => outgoing.destroy());
}

async function readRequest(incoming: IncomingMessage): Promise<StandInRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > BODY_MAX_BYTES) throw new RangeError(`more than ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://stand-in');
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
  };
}
