import { sha256 } from '../domain/digest.ts';
import { HoldpointError } from '../domain/errors.ts';
import type { People } from './claims.ts';
import type { Clock, SteadyClock } from './clock.ts';
import type { JwtConfig } from './config.ts';
import { createTokenVerifier } from './jwt.ts';
import type { Access, Principal, Scope } from './principal.ts';
import { remember } from './remembered.ts';

export type { Access, AppPrincipal, PersonPrincipal, Principal, Scope, ServicePrincipal } from './principal.ts';

/** An app as the store holds it; a revoked one is not found. */
export interface AppRow {
  readonly id: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  /** Operators it may propose as; null: any of its tenant. */
  readonly operators: readonly string[] | null;
}

/** A session as the store holds it; one that is over is not found. */
export interface SessionRow {
  readonly kind: Principal['kind'];
  readonly tenant: string;
  readonly principal: string;
  /** Of a token; an app's session has none of these three. */
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly name: string | null;
  readonly app: string | null;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly expires_at: Date;
  /** Until then, by the database's clock when it was asked: ours may be another. */
  readonly left_ms: number;
}

export interface AuthenticatorOptions {
  findApp(keyHash: string): Promise<AppRow | undefined>;
  findSession(hash: string): Promise<SessionRow | undefined>;
  readonly jwt?: JwtConfig | undefined;
  /** How the tenants read their people's tokens. */
  readonly people: People;
  /** What tokens are good until is told by their issuer, and compared with this. */
  readonly clock: Clock;
  readonly elapsedMs: SteadyClock;
}

export interface Authenticator {
  /**
   * Who sends these headers, by `Authorization: Bearer <api key or JWT>`.
   * @throws {HoldpointError} UNAUTHENTICATED; DEPENDENCY_UNAVAILABLE where keys cannot be looked up now
   */
  authenticate(headers: { readonly authorization?: string | undefined }): Promise<Principal>;
  /** The same for a bare key or token, as a login form sends it. */
  authenticateToken(token: string): Promise<Authenticated>;
  /** Whose session this is, by the token in its cookie. Remembered for 5 s: one that was ended elsewhere is good that much longer. */
  findSession(token: string): Promise<Required<Authenticated> | undefined>;
  /** To be told when a session was ended here. */
  forgetSession(token: string): void;
}

export interface Authenticated {
  readonly principal: Principal;
  /** When the proof is good no more; a key is good until it is revoked. */
  readonly expiresAt?: Date;
}

/** What every API key begins with. */
export const API_KEY_PREFIX = 'hp_';

/** What is stored of a key. */
export function hashApiKey(key: string): string {
  return sha256(key);
}

/** What is stored of the token in a session's cookie. */
export function hashSession(token: string): string {
  return sha256(token);
}

const APPS_KEPT_MS = 10_000;
const SESSIONS_KEPT_MS = 5_000;
const ENTRIES_MAX = 1_000;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { findApp, findSession, jwt, people, clock, elapsedMs } = options;
  const apps = remember({ find: findApp, ttlMs: APPS_KEPT_MS, entriesMax: ENTRIES_MAX, elapsedMs });
  const sessions = remember({
    async find(hash) {
      const session = await findSession(hash);
      return session && { session, endsAtMs: elapsedMs() + session.left_ms };
    },
    ttlMs: SESSIONS_KEPT_MS,
    entriesMax: ENTRIES_MAX,
    elapsedMs,
  });
  const verifyToken = jwt && createTokenVerifier(jwt, people, clock);

  async function authenticateToken(token: string): Promise<Authenticated> {
    if (token.startsWith(API_KEY_PREFIX)) {
      const app = token.length <= KEY_MAX_LENGTH ? await apps(hashApiKey(token)) : undefined;
      if (!app) throw new HoldpointError('UNAUTHENTICATED', 'the API key is not known');
      return { principal: appPrincipal(app) };
    }
    if (!verifyToken) throw new HoldpointError('UNAUTHENTICATED', 'only API keys are accepted here');
    return verifyToken(token);
  }

  return {
    authenticateToken,
    async authenticate({ authorization }) {
      const token = /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
      if (!token) throw new HoldpointError('UNAUTHENTICATED', 'send Authorization: Bearer <api key or JWT>');
      return (await authenticateToken(token)).principal;
    },
    async findSession(token) {
      const found = await sessions(hashSession(token));
      if (!found || found.endsAtMs <= elapsedMs()) return undefined;
      const { session } = found;
      return { principal: sessionPrincipal(session), expiresAt: session.expires_at };
    },
    forgetSession: (token) => sessions.forget(hashSession(token)),
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
    scopes: scopesOf(app.scopes),
    operators: app.operators === null ? '*' : [...app.operators],
  };
}

function sessionPrincipal(session: SessionRow): Principal {
  const { kind, tenant, principal, audiences } = session;
  const scopes = scopesOf(session.scopes);
  // What a browser may do with a key: nothing is proposed from there.
  if (kind === 'app') return { kind, id: session.app ?? '', tenant, principal, scopes, operators: [] };
  const { issuer, subject, name } = session;
  return { kind, tenant, principal, issuer: issuer ?? '', subject: subject ?? '', name: name ?? '', audiences, scopes };
}

function scopesOf(names: readonly string[]): ReadonlySet<Scope> {
  return new Set(SCOPES.filter((scope) => names.includes(scope)));
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
