import {
  checkPrimeSync,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

/** A key pair of samples and tests: the same for the same name, everywhere. Worth nothing to anyone. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const held = new Map<string, KeyPair>();

export const ecKeyPair = (name: string): KeyPair => once(`ec ${name}`, () => ecJwk(name));
export const rsaKeyPair = (name: string): KeyPair => once(`rsa ${name}`, () => rsaJwk(name));

/** RSA keys take their time to find. */
function once(name: string, jwk: () => JsonWebKey): KeyPair {
  const known = held.get(name);
  if (known) return known;
  const privateKey = createPrivateKey({ key: jwk(), format: 'jwk' });
  const pair = { privateKey, publicKey: createPublicKey(privateKey) };
  held.set(name, pair);
  return pair;
}

function ecJwk(name: string): JsonWebKey {
  const ecdh = createECDH('prime256v1');
  const scalar = bytesOf(name, 32);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const text = (bytes: Buffer) => bytes.toString('base64url');
  return { kty: 'EC', crv: 'P-256', x: text(point.subarray(1, 33)), y: text(point.subarray(33)), d: text(scalar) };
}

function rsaJwk(name: string): JsonWebKey {
  const e = 65_537n;
  const p = primeOf(`${name} p`, e);
  const q = primeOf(`${name} q`, e);
  const d = inverse(e, (p - 1n) * (q - 1n));
  const parts = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  return { kty: 'RSA', ...Object.fromEntries(Object.entries(parts).map(([part, value]) => [part, base64Url(value)])) };
}

/** The first prime of 1,024 bits from where the name points, one less than which `e` does not divide. */
function primeOf(name: string, e: bigint): bigint {
  const from = bytesOf(name, 128);
  from[0] = (from[0] ?? 0) | 0xc0;
  let candidate = BigInt(`0x${from.toString('hex')}`) | 1n;
  while (candidate % e === 1n || !checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

const bytesOf = (name: string, length: number): Buffer =>
  createHash('shake256', { outputLength: length }).update(name).digest();

/** Of `a` modulo `m`, which share no divisor. */
function inverse(a: bigint, m: bigint): bigint {
  let [r, next, x, nextX] = [a % m, m, 1n, 0n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [x, nextX] = [nextX, x - quotient * nextX];
  }
  return ((x % m) + m) % m;
}

function base64Url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
