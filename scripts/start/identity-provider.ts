import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADMIN_GROUP } from '@holdpoint/shared/workspace/people';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { isAbsent, writePrivately } from './private-file.ts';
import { CLIENT_ID, createWhoAreYou } from './who-are-you.ts';

const ALGORITHM = 'ES256';
const TOKEN_LIFETIME = '30d';
/** As long as a session may last. */
const ID_TOKEN_LIFETIME = '12h';
/** A name and no address: the port changes between starts, and with it who a principal (`iss|sub`) would be. */
const ISSUER = 'urn:holdpoint:development';
const AUDIENCE = 'holdpoint';

/** Who exists in development, and the audiences they belong to. */
export const PEOPLE = {
  alice: { name: 'Alice', groups: ['reviewer', 'project-admin'] },
  bob: { name: 'Bob', groups: ['reviewer', 'project-admin'] },
  carol: { name: 'Carol', groups: ['compliance-team'] },
  dana: { name: 'Dana', groups: [ADMIN_GROUP] },
} as const;
export type Person = keyof typeof PEOPLE;

export interface IdentityProvider {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** Where the metadata of its OpenID provider are, and as what that knows the console. */
  readonly discoveryUrl: string;
  readonly clientId: string;
  /** A token each, of one tenant. */
  readonly people: Readonly<Record<Person, string>>;
  stop(): Promise<void>;
}

/** Vouches for the people of one tenant, to whoever trusts its key. For development: it asks nobody for a password. */
export async function startIdentityProvider(keyFile: string, tenant: string): Promise<IdentityProvider> {
  const key = await keptKey(keyFile);
  const names = Object.keys(PEOPLE) as Person[];
  const tokens = await Promise.all(
    names.map(async (name) => [name, await tokenOf(name, tenant, key, AUDIENCE, TOKEN_LIFETIME)] as const),
  );
  const whoAreYou = createWhoAreYou({
    issuer: ISSUER,
    people: PEOPLE,
    idTokenOf: (person, nonce) => tokenOf(person as Person, tenant, key, CLIENT_ID, ID_TOKEN_LIFETIME, { nonce }),
  });
  const server = await serve(key, whoAreYou);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    jwksUrl: `${url}/jwks.json`,
    issuer: ISSUER,
    audience: AUDIENCE,
    discoveryUrl: `${url}/.well-known/openid-configuration`,
    clientId: CLIENT_ID,
    people: Object.fromEntries(tokens) as Record<Person, string>,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function tokenOf(
  person: Person,
  tenant: string,
  key: JWK,
  audience: string,
  lifetime: string,
  more: JWTPayload = {},
): Promise<string> {
  const { name, groups } = PEOPLE[person];
  return new SignJWT({ tenant, name, groups: [...groups], idtyp: 'user', ...more })
    .setProtectedHeader({ alg: ALGORITHM, ...(key.kid !== undefined && { kid: key.kid }) })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setSubject(person)
    .setIssuedAt()
    .setExpirationTime(lifetime)
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

function serve({ d: _private, ...publicKey }: JWK, whoAreYou: ReturnType<typeof createWhoAreYou>): Promise<Server> {
  const body = JSON.stringify({ keys: [publicKey] });
  const server = createServer(async (request, response) => {
    if (await whoAreYou(request, response)) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
