import { createHmac } from 'node:crypto';
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  None,
  ResponseBodyError,
  type ServerMetadata,
} from 'openid-client';
import { HoldpointError } from '../domain/errors.ts';
import type { Authenticated } from '../runtime/auth.ts';
import { endOf, type People, principalOf } from '../runtime/claims.ts';
import type { SteadyClock } from '../runtime/clock.ts';
import type { OidcConfig } from '../runtime/config.ts';

const ANSWER_MAX_SECONDS = 5;
const METADATA_KEPT_MS = 3_600_000;

export interface Provider {
  /** Where to send the browser. */
  begin(token: string, redirectUri: string): Promise<URL>;
  /**
   * Who came back, by the URL they came back to.
   * @throws {HoldpointError} UNAUTHENTICATED, DEPENDENCY_UNAVAILABLE
   */
  finish(token: string, url: URL): Promise<Required<Authenticated>>;
}

/** An OpenID provider, asked by the authorization code flow with PKCE. All that binds an answer to its question follows from the browser's token. */
export function createProvider(oidc: OidcConfig, people: People, elapsedMs: SteadyClock): Provider {
  let known: { readonly client: Promise<Configuration>; readonly until: number } | undefined;

  async function client(): Promise<Configuration> {
    if (!known || known.until <= elapsedMs()) {
      const asked = { client: discover(oidc), until: elapsedMs() + METADATA_KEPT_MS };
      known = asked;
      asked.client.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    return known.client.catch((error: unknown) => {
      throw refusal(error);
    });
  }

  return {
    async begin(token, redirectUri) {
      const { state, nonce, verifier } = boundTo(token);
      return buildAuthorizationUrl(await client(), {
        redirect_uri: redirectUri,
        scope: oidc.scopes,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
    },
    async finish(token, url) {
      const { state, nonce, verifier } = boundTo(token);
      const config = await client();
      try {
        const answer = await authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = answer.claims();
        if (!claims) throw new HoldpointError('UNAUTHENTICATED', 'the identity provider sent no ID token');
        return { principal: principalOf(claims, oidc, people), expiresAt: endOf(claims.exp) };
      } catch (error) {
        throw refusal(error);
      }
    },
  };
}

function boundTo(token: string): { state: string; nonce: string; verifier: string } {
  const derive = (purpose: string) => createHmac('sha256', token).update(`holdpoint ${purpose}`).digest('base64url');
  return { state: derive('state'), nonce: derive('nonce'), verifier: derive('verifier') };
}

async function discover(oidc: OidcConfig): Promise<Configuration> {
  const url = new URL(oidc.discoveryUrl);
  // Configuration lets plain http be this machine alone.
  const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
  const found = await discovery(url, oidc.clientId, undefined, None(), { execute, timeout: ANSWER_MAX_SECONDS });
  const metadata = found.serverMetadata();
  if (metadata.issuer !== oidc.issuer) {
    throw new Error(`the metadata at OIDC_ISSUER are of the issuer ${metadata.issuer}`);
  }
  const client = new Configuration(metadata, oidc.clientId, undefined, authenticationOf(oidc, metadata));
  client.timeout = ANSWER_MAX_SECONDS;
  for (const extend of execute) extend(client);
  return client;
}

function authenticationOf({ clientSecret }: OidcConfig, metadata: ServerMetadata): ClientAuth {
  if (clientSecret === undefined) return None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
}

/** What the provider or the browser sent wrongly is refused; a provider that is away, or is not as configured, is our trouble. */
function refusal(cause: unknown): HoldpointError {
  if (cause instanceof HoldpointError) return cause;
  if (cause instanceof AuthorizationResponseError && cause.error === 'access_denied') {
    return new HoldpointError('UNAUTHENTICATED', 'the identity provider did not let you in', {}, { cause });
  }
  const refused =
    cause instanceof AuthorizationResponseError ||
    (cause instanceof ResponseBodyError && cause.error === 'invalid_grant') ||
    (cause instanceof ClientError && cause.code !== undefined && REFUSED.has(cause.code));
  if (refused) return new HoldpointError('UNAUTHENTICATED', 'the sign-in is not valid: begin it again', {}, { cause });
  return new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the identity provider cannot be asked', {}, { cause });
}

const REFUSED = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_INVALID_REQUEST',
]);
