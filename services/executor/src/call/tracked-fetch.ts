/** Codes of a connection that was never made: no byte of the request left. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const CAUSES_MAX = 5;

export interface TrackedFetch {
  readonly fetch: typeof fetch;
  /** Whether this error, or what caused it, proves that nothing of this call was sent. */
  provesNotSent(error: unknown): boolean;
}

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
    try {
      const response = await fetch(input, { ...init, signal: own ? AbortSignal.any([signal, own]) : signal });
      reached = true;
      return response;
    } catch (error) {
      if (typeof error === 'object' && error !== null && neverConnected(error)) unsent.add(error);
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
  return chain(error).some((one) => 'code' in one && NEVER_CONNECTED.has(String(one.code)));
}

function chain(error: unknown): object[] {
  const found: object[] = [];
  for (let one = error; typeof one === 'object' && one !== null && found.length < CAUSES_MAX; ) {
    found.push(one);
    one = 'cause' in one ? one.cause : undefined;
  }
  return found;
}
