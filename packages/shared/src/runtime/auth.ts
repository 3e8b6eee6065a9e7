import { sha256 } from '../domain/digest.ts';
import { HoldpointError } from '../domain/errors.ts';
import type { Clock } from './clock.ts';
import type { JwtConfig } from './config.ts';
import { createTokenVerifier } from './jwt.ts';
import type { Access, Principal, Scope } from './principal.ts';

export type { Access, AppPrincipal, PersonPrincipal, Principal, Scope, ServicePrincipal } from './principal.ts';

/** An app as the store holds it; a revoked one is not found. */
export interface AppRow {
  readonly id: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  /** Operators it may propose as; null: any of its tenant. */
  readonly operators: readonly string[] | null;
}

export interface AuthenticatorOptions {
  findApp(keyHash: string): Promise<AppRow | undefined>;
  readonly jwt?: JwtConfig | undefined;
  readonly clock: Clock;
}

export interface Authenticator {
  /**
   * Who sends these headers, by `Authorization: Bearer <api key or JWT>`.
   * @throws {HoldpointError} UNAUTHENTICATED; DEPENDENCY_UNAVAILABLE where keys cannot be looked up now
   */
  authenticate(headers: { readonly authorization?: string | undefined }): Promise<Principal>;
  /** The same for a bare key or token, as a login form sends it. */
  authenticateToken(token: string): Promise<Principal>;
}

/** What every API key begins with. */
export const API_KEY_PREFIX = 'hp_';

/** What is stored of a key. */
export function hashApiKey(key: string): string {
  return sha256(key);
}

export function createAuthenticator({ findApp, jwt, clock }: AuthenticatorOptions): Authenticator {
  const apps = createAppCache(findApp, clock);
  const verifyToken = jwt && createTokenVerifier(jwt, clock);

  async function authenticateToken(token: string): Promise<Principal> {
    if (token.startsWith(API_KEY_PREFIX)) {
      const app = token.length <= KEY_MAX_LENGTH ? await apps(hashApiKey(token)) : undefined;
      if (!app) throw new HoldpointError('UNAUTHENTICATED', 'the API key is not known');
      return appPrincipal(app);
    }
    if (!verifyToken) throw new HoldpointError('UNAUTHENTICATED', 'only API keys are accepted here');
    return verifyToken(token);
  }

  return {
    authenticateToken,
    authenticate({ authorization }) {
      const token = /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
      if (!token) {
        return Promise.reject(new HoldpointError('UNAUTHENTICATED', 'send Authorization: Bearer <api key or JWT>'));
      }
      return authenticateToken(token);
    },
  };
}

const SCOPES: readonly Scope[] = ['plan', 'read', 'admin', 'platform'];
const KEY_MAX_LENGTH = 256;

function appPrincipal(app: AppRow): Principal {
  return {
    kind: 'app',
    id: app.id,
    tenant: app.tenant,
    principal: `app|${app.id}`,
    scopes: new Set(SCOPES.filter((scope) => app.scopes.includes(scope))),
    operators: app.operators === null ? '*' : [...app.operators],
  };
}

const CACHE_TTL_MS = 10_000;
const CACHE_ENTRIES_MAX = 1_000;

interface Cached {
  readonly app: Promise<AppRow | undefined>;
  readonly until: number;
}

/**
 * Remembers apps for 10 s: a revoked key is refused that much later. Unknown keys have a memory of their own, so that
 * guesses never push out an app.
 */
function createAppCache(findApp: AuthenticatorOptions['findApp'], clock: Clock) {
  const known = new Map<string, Cached>();
  const unknown = new Map<string, Cached>();
  const lookups = new Map<string, Promise<AppRow | undefined>>();

  function remember(hash: string, app: AppRow | undefined): void {
    const memory = app ? known : unknown;
    memory.delete(hash);
    memory.set(hash, { app: Promise.resolve(app), until: clock().getTime() + CACHE_TTL_MS });
    const oldest = memory.keys().next().value;
    if (memory.size > CACHE_ENTRIES_MAX && oldest !== undefined) memory.delete(oldest);
  }

  return (hash: string): Promise<AppRow | undefined> => {
    const cached = known.get(hash) ?? unknown.get(hash);
    if (cached && cached.until > clock().getTime()) return cached.app;
    known.delete(hash);
    unknown.delete(hash);
    const running = lookups.get(hash);
    if (running) return running;
    const lookup = findApp(hash)
      .then((app) => {
        remember(hash, app);
        return app;
      })
      .finally(() => lookups.delete(hash));
    lookups.set(hash, lookup);
    return lookup;
  };
}

/**
 * Refuses a principal without the scope, or of another tenant. Admin implies plan and read in its own tenant; platform
 * implies everything, everywhere.
 * @throws {HoldpointError} FORBIDDEN
 */
export function requireScope(principal: Principal, scope: Scope, tenant?: string): void {
  if (principal.scopes.has('platform')) return;
  if (!holds(principal, scope)) throw new HoldpointError('FORBIDDEN', `this needs the scope ${scope}`);
  if (tenant !== undefined && tenant !== principal.tenant) {
    throw new HoldpointError('FORBIDDEN', 'this belongs to another tenant');
  }
}

/** @throws {HoldpointError} NOT_A_PERSON: no key decides for a person */
export function requirePerson(principal: Principal): asserts principal is Extract<Principal, { kind: 'person' }> {
  if (principal.kind !== 'person') throw new HoldpointError('NOT_A_PERSON', 'only a person may do this');
}

/** Whether an app may propose as this operator. People and service tokens may not propose, unless they are admins. */
export function mayProposeAs(principal: Principal, operator: string): boolean {
  if (principal.kind !== 'app') return holds(principal, 'plan');
  return principal.operators === '*' || principal.operators.includes(operator);
}

/** Holds one of what is asked for; `person` is met by being one. */
export function requireAny(principal: Principal, wanted: readonly Access[]): void {
  const met = wanted.some((access) =>
    access === 'person' ? principal.kind === 'person' : principal.scopes.has('platform') || holds(principal, access),
  );
  if (met) return;
  if (wanted.length === 1 && wanted[0] === 'person') requirePerson(principal);
  throw new HoldpointError('FORBIDDEN', `this needs ${wanted.join(' or ')}`);
}

function holds(principal: Principal, scope: Scope): boolean {
  if (principal.scopes.has(scope)) return true;
  return (scope === 'plan' || scope === 'read') && principal.scopes.has('admin');
}
