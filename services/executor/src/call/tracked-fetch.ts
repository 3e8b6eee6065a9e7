import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';

/** Codes of a connection that was never made, if it was making one that failed: no byte of the request left. */
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);
const CONNECTING = new Set(['connect', 'getaddrinfo']);
const CAUSES_MAX = 5;

export interface TrackedFetch {
  readonly fetch: typeof fetch;
  /** Whether this error, or what caused it, proves that nothing of this call was sent. */
  provesNotSent(error: unknown): boolean;
}

/** Counts the requests that one fetch makes: a redirect makes another, after somebody has answered the one before. */
const requests = new AsyncLocalStorage<{ made: number }>();
subscribe('undici:request:create', () => {
  const counted = requests.getStore();
  if (counted) counted.made += 1;
});

/**
 * The platform's fetch, with its pool of connections, under the call's signal. Remembers whether any request of this call
 * may have reached somebody.
 */
export function trackFetch(signal: AbortSignal, mayStillSend: () => void): TrackedFetch {
  const unsent = new WeakSet<object>();
  let reached = false;

  async function tracked(input: Parameters<typeof fetch>[0], init: RequestInit = {}): Promise<Response> {
    mayStillSend();
    const own = init.signal ?? (input instanceof Request ? input.signal : undefined);
    const counted = { made: 0 };
    try {
      const under = { ...init, signal: own ? AbortSignal.any([signal, own]) : signal };
      const response = await requests.run(counted, () => fetch(input, under));
      reached = true;
      return response;
    } catch (error) {
      const first = counted.made === 1;
      if (first && typeof error === 'object' && error !== null && neverConnected(error)) unsent.add(error);
      else reached = true;
      throw error;
    }
  }

  return {
    fetch: tracked as typeof fetch,
    provesNotSent: (error) => !reached && chain(error).some((one) => unsent.has(one)),
  };
}

function neverConnected(error: object): boolean {
  return chain(error).some((one) => {
    // A host with several addresses: each of them was tried.
    if ('errors' in one && Array.isArray(one.errors))
      return one.errors.length > 0 && one.errors.every(isConnectFailure);
    return isConnectFailure(one);
  });
}

/** The same codes of a read or a write say that there was a connection. */
function isConnectFailure(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return NEVER_CONNECTED.has(String(code)) && CONNECTING.has(String(syscall));
}

function chain(error: unknown): object[] {
  const found: object[] = [];
  for (let one = error; typeof one === 'object' && one !== null && found.length < CAUSES_MAX; ) {
    found.push(one);
    one = 'cause' in one ? one.cause : undefined;
  }
  return found;
}
