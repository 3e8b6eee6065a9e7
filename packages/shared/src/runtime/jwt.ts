import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { HoldpointError } from '../domain/errors.ts';
import { endOf, type People, principalOf } from './claims.ts';
import type { Clock } from './clock.ts';
import type { JwtConfig } from './config.ts';
import type { PersonPrincipal, ServicePrincipal } from './principal.ts';

/** Asymmetric only: a shared secret or `none` would let a caller sign for itself. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_MAX_LENGTH = 16 * 1024;
const JWKS_TIMEOUT_MS = 3_000;

export interface VerifiedToken {
  readonly principal: PersonPrincipal | ServicePrincipal;
  readonly expiresAt: Date;
}
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** Verifies signature, issuer, audience and times against the issuer's published keys. */
export function createTokenVerifier(config: JwtConfig, people: People, clock: Clock): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(config.jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS });
  return async (token) => {
    if (token.length > TOKEN_MAX_LENGTH) throw new HoldpointError('UNAUTHENTICATED', 'the token is too long');
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: clock(),
        requiredClaims: ['sub', 'exp'],
      });
      return { principal: principalOf(payload, config, people), expiresAt: endOf(payload.exp as number) };
    } catch (error) {
      throw refusal(error);
    }
  };
}

/** A bad token is the caller's; keys that cannot be fetched are ours. */
function refusal(error: unknown): unknown {
  if (error instanceof HoldpointError) return error;
  if (error instanceof errors.JWTExpired) return new HoldpointError('UNAUTHENTICATED', 'the token has expired');
  const unreachable =
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    !(error instanceof errors.JOSEError) ||
    // What jose throws for a key server's answer that is not 200 has no class of its own.
    error.code === 'ERR_JOSE_GENERIC';
  if (unreachable) {
    return new HoldpointError(
      'DEPENDENCY_UNAVAILABLE',
      "the identity provider's keys cannot be fetched",
      {},
      { cause: error },
    );
  }
  return new HoldpointError('UNAUTHENTICATED', 'the token is not valid', {}, { cause: error });
}
