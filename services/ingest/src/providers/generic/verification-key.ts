import { createSecretKey, type KeyObject } from 'node:crypto';
import { type PublicKeyKind, publicKeyFault, readPublicKey } from '../public-key.ts';
import { decodeStrictly } from '../signature.ts';

export type Algorithm = keyof typeof ALGORITHMS;

/** Every algorithm with the hash it takes and the key that verifies it. Ed25519 has its own hash. */
export const ALGORITHMS = {
  'hmac-sha1': { hash: 'sha1', key: 'secret' },
  'hmac-sha256': { hash: 'sha256', key: 'secret' },
  'hmac-sha384': { hash: 'sha384', key: 'secret' },
  'hmac-sha512': { hash: 'sha512', key: 'secret' },
  ed25519: { hash: null, key: 'ed25519' },
  'ecdsa-p256': { hash: 'sha256', key: 'ecdsa-p256' },
  'rsa-sha256': { hash: 'sha256', key: 'rsa' },
} as const satisfies Record<string, { hash: string | null; key: 'secret' | PublicKeyKind }>;

export interface KeyOptions {
  readonly algorithm: Algorithm;
  readonly secretEncoding: 'utf8' | 'hex' | 'base64';
  readonly secretPrefix: string;
}

/** The key that a configured secret is, or a sentence on what is wrong with it, without the secret. */
export function verificationKey(secret: string, options: KeyOptions): KeyObject | string {
  const { secretEncoding, secretPrefix } = options;
  const text = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret;
  if (text.trim() === '') return 'is empty';
  const { key } = ALGORITHMS[options.algorithm];
  if (key === 'secret') return secretKey(text, secretEncoding);
  return publicKeyFault(text, key) ?? readPublicKey(text) ?? 'is no public key';
}

function secretKey(text: string, encoding: KeyOptions['secretEncoding']): KeyObject | string {
  if (encoding === 'utf8') return createSecretKey(text, 'utf8');
  const bytes = decodeStrictly(encoding === 'hex' ? text.toLowerCase() : text, encoding);
  return bytes ? createSecretKey(bytes) : `is not ${encoding}, as secretEncoding says`;
}
