import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT_ID = 'console';
export const CLIENT_SECRET = 'a secret of the console alone';

export interface RunningProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

type Person = Readonly<Record<string, unknown>>;

/** A certified OpenID provider, with its own pages for signing in and consent; any password will do. */
export async function startRealProvider(
  redirectUris: readonly string[],
  people: Readonly<Record<string, Person>>,
  host = '127.0.0.1',
): Promise<RunningProvider> {
  const { server, url } = await listen(host);
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [...redirectUris],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' }] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { profile: ['name', 'tenant', 'idtyp', 'realm_access', 'act'] },
    scopes: ['openid', 'profile', 'email'],
    ttl: { IdToken: 600, AccessToken: 600, Session: 600, Interaction: 600, Grant: 600 },
    findAccount: async (_context, sub) => ({ accountId: sub, claims: async () => ({ sub, ...people[sub] }) }),
    cookies: { keys: ['of this test alone'] },
  });
  server.on('request', provider.callback());
  return { issuer: url, stop: () => stop(server) };
}

/** What the provider below answers instead of the truth. */
export interface Lie {
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly audience?: string;
  readonly key?: 'another';
  readonly tokenStatus?: number;
  /** No ID token at all. */
  readonly withoutIdToken?: boolean;
}

export interface LyingProvider extends RunningProvider {
  lie: Lie;
  readonly exchanges: URLSearchParams[];
}

/** A provider that says whatever a test wants to hear: it lets everybody in as alice. */
export async function startLyingProvider(person: Person): Promise<LyingProvider> {
  const { server, url } = await listen();
  const [own, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const keys = [{ ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }];
  const nonces = new Map<string, string>();
  const running: LyingProvider = { issuer: url, lie: {}, exchanges: [], stop: () => stop(server) };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '', url);
    const json = (body: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (asked.pathname === '/.well-known/openid-configuration') {
      json({
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
        id_token_signing_alg_values_supported: ['ES256'],
      });
    } else if (asked.pathname === '/jwks') json({ keys });
    else if (asked.pathname === '/authorize') {
      const back = new URL(asked.searchParams.get('redirect_uri') ?? '');
      const code = `code-${nonces.size}`;
      nonces.set(code, asked.searchParams.get('nonce') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    } else {
      let text = '';
      for await (const chunk of request) text += chunk;
      const sent = new URLSearchParams(text);
      running.exchanges.push(sent);
      const { lie } = running;
      if (lie.tokenStatus) return void json({ error: 'server_error' }, lie.tokenStatus);
      const claims = { ...person, nonce: nonces.get(sent.get('code') ?? ''), ...lie.claims };
      const idToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(lie.issuer ?? url)
        .setAudience(lie.audience ?? CLIENT_ID)
        .setSubject('alice')
        .setIssuedAt()
        .setExpirationTime(lie.claims?.exp ?? '10m')
        .sign(lie.key ? other.privateKey : own.privateKey);
      json({ access_token: 'a', token_type: 'Bearer', ...(lie.withoutIdToken ? {} : { id_token: idToken }) });
    }
  }

  server.on('request', (request, response) => void answer(request, response));
  return running;
}

async function listen(host = '127.0.0.1'): Promise<{ server: Server; url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}` };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
