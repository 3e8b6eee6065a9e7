import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TENANT } from '../workspace.ts';

/** An identity provider on loopback: votes are for people. */
export interface People {
  /** What a service is told of it. */
  readonly env: Readonly<Record<string, string>>;
  token(name: string, audiences: readonly string[]): string;
  stop(): Promise<void>;
}

const ISSUER = 'https://people.bench';
const AUDIENCE = 'holdpoint';
const TOKEN_SECONDS = 24 * 3600;

export async function startPeople(): Promise<People> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' };
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key] })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { JWKS_URL: `http://127.0.0.1:${port}/jwks.json`, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE },
    token(name, audiences) {
      const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
      const claims = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: name,
        name,
        exp,
        tenant: TENANT,
        groups: audiences,
        idtyp: 'user',
      };
      const text = [{ alg: 'ES256', kid: 'k' }, claims].map(inBase64).join('.');
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const inBase64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
