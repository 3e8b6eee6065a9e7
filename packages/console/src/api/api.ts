import { ApiError, problemOf } from './problem.ts';

/** The services behind the console's gateway. */
export type Behind = 'executor' | 'evaluator' | 'ingest';

/** Where a service's own path is reached from here: `behind('executor', '/v1/actions')`. */
export function behind(service: Behind, path: `/v1/${string}`): string {
  return `/console/api/${service}${path}`;
}

/** A path with its parameters; those that are empty or absent are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const params = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(params.map(([name, value]) => [name, String(value)])).toString();
  return search === '' ? path : `${path}?${search}`;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string;
}

export interface Api {
  /** @throws {ApiError} what was refused, or OFFLINE */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  remove<T>(path: string): Promise<T>;
  /** What every change must carry, as the session told it. */
  carryCsrf(token: string): void;
  /** Now, by the server's clock as far as its answers tell: this machine's may be wrong, and time left must not be. */
  now(): number;
}

/** A difference below this is that of the header's whole seconds. */
const SKEW_MIN_MS = 2_000;

/** @param signedOut the session is over: whatever is shown, a sign-in page comes next */
export function createApi(signedOut: () => void): Api {
  let csrf = '';
  let skewMs = 0;

  async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(method !== 'GET' && { 'x-csrf-token': csrf }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
      credentials: 'same-origin',
      redirect: 'error',
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiError({ status: 0, code: 'OFFLINE', detail: 'the server cannot be reached', details: {} });
    });
    const told = Date.parse(response.headers.get('date') ?? '');
    if (Number.isFinite(told)) skewMs = Math.abs(told - Date.now()) < SKEW_MIN_MS ? 0 : told - Date.now();
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    if (response.status === 401) signedOut();
    throw await problemOf(response);
  }

  return {
    get: (path, signal) => call('GET', path, undefined, signal),
    post: (path, body) => call('POST', path, body ?? {}),
    remove: (path) => call('DELETE', path),
    carryCsrf(token) {
      csrf = token;
    },
    now: () => Date.now() + skewMs,
  };
}
