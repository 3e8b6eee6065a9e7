import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { isAbsent, writePrivately } from './private-file.ts';

const ALGORITHM = 'ES256';
const TOKEN_LIFETIME = '30d';
/** A name and no address: the port changes between starts, and with it who a principal (`iss|sub`) would be. */
const ISSUER = 'urn:holdpoint:development';
const AUDIENCE = 'holdpoint';

/** Who exists in development, and the audiences they belong to. */
export const PEOPLE = {
  alice: { name: 'Alice', groups: ['reviewer', 'project-admin'] },
  bob: { name: 'Bob', groups: ['reviewer', 'project-admin'] },
  carol: { name: 'Carol', groups: ['compliance-team'] },
} as const;
export type Person = keyof typeof PEOPLE;

export interface IdentityProvider {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** A token each, of one tenant. */
  readonly people: Readonly<Record<Person, string>>;
  stop(): Promise<void>;
}

/** Vouches for three people of one tenant, to whoever trusts its key. For development: it asks nobody for a password. */
export async function startIdentityProvider(keyFile: string, tenant: string): Promise<IdentityProvider> {
  const key = await keptKey(keyFile);
  const server = await servePublicKey(key);
  const names = Object.keys(PEOPLE) as Person[];
  const tokens = await Promise.all(names.map(async (name) => [name, await tokenOf(name, tenant, key)] as const));
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    issuer: ISSUER,
    audience: AUDIENCE,
    people: Object.fromEntries(tokens) as Record<Person, string>,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function tokenOf(person: Person, tenant: string, key: JWK): Promise<string> {
  const { name, groups } = PEOPLE[person];
  return new SignJWT({ tenant, name, groups: [...groups], idtyp: 'user' })
    .setProtectedHeader({ alg: ALGORITHM, ...(key.kid !== undefined && { kid: key.kid }) })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(person)
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFETIME)
    .sign(await importJWK(key, ALGORITHM));
}

/** The same key at every start, so that a token that someone still holds is still good. */
async function keptKey(file: string): Promise<JWK> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JWK;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key: JWK = { ...(await exportJWK(privateKey)), kid: 'development', alg: ALGORITHM, use: 'sig' };
  await writePrivately(file, key);
  return key;
}

function servePublicKey({ d: _private, ...publicKey }: JWK): Promise<Server> {
  const body = JSON.stringify({ keys: [publicKey] });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
