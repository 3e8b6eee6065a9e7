import { PrivateAddress } from '@holdpoint/shared/runtime/public-network';
import type { Dispatcher } from 'undici';
import { createCallEnding } from './call-ending.ts';
import { causesOf, createSentProof, type SentProof } from './sent-proof.ts';

/** Codes of a connection that was never made, if it was making one that failed: no byte of the request left. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);
const CONNECTING = new Set(['connect', 'getaddrinfo']);
/** Refused by the pool itself. */
const NEVER_TRIED = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_MAX_ORIGINS_REACHED']);
export const RESPONSE_MAX_BYTES = 10 * 1024 * 1024;

export interface TrackedFetch extends Pick<SentProof, 'provesNotSent' | 'refusal'> {
  readonly fetch: typeof fetch;
  /** The call is over: what it still reads is cut off, and it sends no more. */
  end(): void;
}

export interface FetchLimits {
  /** Ends requests and the reading of answers. */
  readonly signal: AbortSignal;
  /** The connector's own connections. */
  readonly pool: Dispatcher;
  /** Asked before every request and every hop of one; throws where there may be none. */
  readonly mayStillSend: () => void;
  readonly responseMaxBytes?: number;
  /** Of the call, where it has other ways to send than this. */
  readonly proof?: SentProof;
}

/** What an answer says beyond its limit is not read. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';

  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
  }
}

/**
 * The platform's fetch over the connector's connections, within its limits. Remembers whether any request of this call may
 * have reached somebody.
 */
export function trackFetch({
  signal,
  pool,
  mayStillSend,
  responseMaxBytes = RESPONSE_MAX_BYTES,
  proof = createSentProof(),
}: FetchLimits): TrackedFetch {
  const ending = createCallEnding(signal);

  async function tracked(input: Parameters<typeof fetch>[0], init: RequestInit = {}): Promise<Response> {
    mayStillSend();
    const ends = ending.signal();
    ends.throwIfAborted();
    const own = init.signal ?? (input instanceof Request ? input.signal : undefined);
    // A redirect makes another request, after somebody has answered the one before.
    let made = 0;
    const counted = pool.compose((dispatch) => (options, handler) => {
      mayStillSend();
      made += 1;
      return dispatch(options, handler);
    });
    try {
      const either = own ? AbortSignal.any([ends, own]) : ends;
      const response = await fetch(input, { ...init, signal: either, dispatcher: counted } as object);
      proof.mayHaveLeft();
      return bounded(response, responseMaxBytes);
    } catch (error) {
      if (made === 1 && typeof error === 'object' && error !== null && neverConnected(error)) proof.neverLeft(error);
      else proof.mayHaveLeft();
      throw error;
    }
  }

  return {
    fetch: tracked as typeof fetch,
    provesNotSent: proof.provesNotSent,
    refusal: proof.refusal,
    end: ending.end,
  };
}

/** The same answer, whose body breaks off where it is too large: as it is read, for it may have been packed small. */
function bounded(response: Response, maxBytes: number): Response {
  if (!response.body) return response;
  let read = 0;
  const body = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        if (read > maxBytes) throw new ResponseTooLarge(maxBytes);
        controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, ok, url, redirected, type, headers } = response;
  const same = new Response(body, { headers, ...(status >= 200 && status <= 599 && { status, statusText }) });
  for (const [name, value] of Object.entries({ status, statusText, ok, url, redirected, type })) {
    Object.defineProperty(same, name, { value });
  }
  return same;
}

function neverConnected(error: object): boolean {
  return causesOf(error).some((one) => {
    // A host with several addresses: each of them was tried.
    if ('errors' in one && Array.isArray(one.errors))
      return one.errors.length > 0 && one.errors.every(isConnectFailure);
    return one instanceof PrivateAddress || isConnectFailure(one);
  });
}

/** The same codes of a read or a write say that there was a connection. */
function isConnectFailure(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (NEVER_TRIED.has(String(code))) return true;
  return NEVER_CONNECTED.has(String(code)) && CONNECTING.has(String(syscall));
}
