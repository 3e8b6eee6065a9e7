import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JwtConfig } from '@holdpoint/shared/runtime/config';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An identity provider with its key on loopback. */
export interface People {
  readonly jwt: JwtConfig;
  /** A token of someone in these audiences; `claims` stand in the place of those it would have. */
  token(name: string, audiences: readonly string[], claims?: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

const ISSUER = 'https://people.test';

export async function startPeople(tenant: string): Promise<People> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] });
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(jwks),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    jwt: {
      jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
      issuer: ISSUER,
      audience: 'holdpoint',
      tenantClaim: 'tenant',
      audiencesClaim: 'groups',
      personClaims: [{ name: 'idtyp', value: 'user' }],
    },
    token: (name, audiences, claims = {}) =>
      new SignJWT({
        iss: ISSUER,
        aud: 'holdpoint',
        sub: name,
        iat: nowSeconds(),
        exp: nowSeconds() + 3600,
        tenant,
        name,
        groups: [...audiences],
        idtyp: 'user',
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .sign(privateKey),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
