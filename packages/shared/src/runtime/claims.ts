import { HoldpointError } from '../domain/errors.ts';
import { nameSchema } from '../domain/names.ts';
import { isPlainText, plainText } from '../domain/plain-text.ts';
import { ADMIN_GROUP, PLATFORM_GROUP, type TenantPeople } from '../workspace/people.ts';
import type { PersonPrincipal, Scope, ServicePrincipal } from './principal.ts';

/** Where in a token tenant, groups and personhood stand. A claim is named by itself, or by the dotted path that leads to it. */
export interface ClaimsConfig {
  readonly tenantClaim: string;
  readonly audiencesClaim: string;
  /** Any of them marks a person's token. */
  readonly personClaims: readonly PersonClaim[];
}

export interface PersonClaim {
  readonly name: string;
  /** What it must say; any but false and nothing, unless told. */
  readonly value?: string;
}

/** What the tenants' `people.ts` say. */
export type People = ReadonlyMap<string, TenantPeople>;

export type Claims = Readonly<Record<string, unknown>>;

/**
 * Whom a verified token names: of an access token and of an ID token alike, so that nobody is more by the one than by the other.
 * @throws {HoldpointError} UNAUTHENTICATED where it names no tenant
 */
export function principalOf(claims: Claims, config: ClaimsConfig, people: People): PersonPrincipal | ServicePrincipal {
  const tenant = tenantOf(claimAt(claims, config.tenantClaim), people);
  if (tenant === undefined) {
    throw new HoldpointError('UNAUTHENTICATED', `the token's claim ${config.tenantClaim} names no tenant`);
  }
  const groups = valuesOf(claimAt(claims, config.audiencesClaim));
  const audiences = audiencesOf(groups, people.get(tenant));
  const [issuer, subject] = [claims.iss, claims.sub].map(textOf) as [string, string];
  const name = [claims.name, claims.preferred_username, claims.email].find((text) => typeof text === 'string' && text);
  return {
    kind: isPerson(claims, config) ? 'person' : 'service',
    tenant,
    issuer,
    subject,
    principal: `${issuer}|${subject}`,
    name: plainText(String(name ?? subject))
      .slice(0, NAME_MAX_CHARS)
      .toWellFormed(),
    audiences,
    scopes: new Set<Scope>([
      'read',
      ...(audiences.includes(ADMIN_GROUP) ? (['admin'] as const) : []),
      ...(groups.includes(PLATFORM_GROUP) ? (['platform'] as const) : []),
    ]),
  };
}

/** The last second that every store can write down. */
const LAST_SECOND = 253_402_300_799;

/** When a token is good no more, by its `exp`: issuers may write any number for never. */
export function endOf(exp: number): Date {
  return new Date(Math.min(exp, LAST_SECOND) * 1000);
}

const ID_MAX_CHARS = 512;
const NAME_MAX_CHARS = 200;

/** Who somebody is must be a text that can be kept: two that are none would be the same person. */
function textOf(claim: unknown): string {
  const text = typeof claim === 'number' ? String(claim) : claim;
  if (typeof text === 'string' && text !== '' && text.length <= ID_MAX_CHARS && isPlainText(text)) return text;
  throw new HoldpointError('UNAUTHENTICATED', "the token's issuer or subject is no text that can be kept");
}

/** A token that somebody else holds in a person's name says so by `act` (RFC 8693): that one is not the person. */
function isPerson(claims: Claims, { personClaims }: ClaimsConfig): boolean {
  if (claims.act !== undefined) return false;
  return personClaims.some(({ name, value }) => {
    const found = claimAt(claims, name);
    const said = (Array.isArray(found) ? found : [found]).filter((one) => one !== undefined && one !== null);
    if (value === undefined) return said.some((one) => one !== false && one !== '');
    return said.some((one) => (typeof one === 'object' ? false : String(one) === value));
  });
}

/** With `tokens`, a tenant is named by these alone; without, by its name. */
function tenantOf(claim: unknown, people: People): string | undefined {
  if (typeof claim !== 'string') return undefined;
  for (const [tenant, { tokens }] of people) if (tokens?.includes(claim)) return tenant;
  return nameSchema.safeParse(claim).success && !people.get(claim)?.tokens ? claim : undefined;
}

/** Where a tenant maps its audiences, only what it names counts; else values are audiences as they are. */
function audiencesOf(groups: readonly string[], own: TenantPeople | undefined): string[] {
  const map = own?.audiences;
  if (!map) return [...groups];
  const held = new Set(groups);
  return Object.keys(map).filter((audience) => map[audience]?.some((value) => held.has(value)));
}

/** A list, or a text with spaces or commas between. */
function valuesOf(claim: unknown): string[] {
  const values: unknown[] = typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  return [...new Set(values.filter((one): one is string => typeof one === 'string' && one !== '' && isPlainText(one)))];
}

/** A claim's own name goes first: some have dots in it, being URLs. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let found: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Claims)[part];
  }
  return found;
}
