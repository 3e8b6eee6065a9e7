import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { decodeStrictly } from './strict-encoding.ts';

export type Algorithm = keyof typeof ALGORITHMS;

/** Every algorithm with the hash it takes. Ed25519 has its own. */
export const ALGORITHMS = {
  'hmac-sha1': { family: 'hmac', hash: 'sha1' },
  'hmac-sha256': { family: 'hmac', hash: 'sha256' },
  'hmac-sha384': { family: 'hmac', hash: 'sha384' },
  'hmac-sha512': { family: 'hmac', hash: 'sha512' },
  ed25519: { family: 'ed25519', hash: undefined },
  'ecdsa-p256': { family: 'ec', hash: 'sha256' },
  'rsa-sha256': { family: 'rsa', hash: 'sha256' },
} as const;

export interface KeyOptions {
  readonly algorithm: Algorithm;
  readonly secretEncoding: 'utf8' | 'hex' | 'base64';
  readonly secretPrefix: string;
}

const RSA_MIN_BITS = 2048;
const ED25519_KEY_BYTES = 32;
/** What stands before the 32 bytes of a raw Ed25519 public key in its DER form (RFC 8410). */
const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The key that a configured secret is, or a sentence on what is wrong with it, without the secret. */
export function verificationKey(secret: string, options: KeyOptions): KeyObject | string {
  const { algorithm, secretPrefix } = options;
  const text = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret;
  if (text.trim() === '') return 'is empty';
  if (ALGORITHMS[algorithm].family === 'hmac') return hmacKey(text, options.secretEncoding);
  return text.includes('PRIVATE KEY') ? 'is a private key; the public one verifies' : publicKey(text.trim(), algorithm);
}

function hmacKey(text: string, encoding: KeyOptions['secretEncoding']): KeyObject | string {
  if (encoding === 'utf8') return createSecretKey(text, 'utf8');
  const bytes = decodeStrictly(encoding === 'hex' ? text.toLowerCase() : text, encoding);
  return bytes ? createSecretKey(bytes) : `is not ${encoding}, as secretEncoding says`;
}

function publicKey(text: string, algorithm: Algorithm): KeyObject | string {
  const key = readPublicKey(text);
  if (!key) return 'is no public key: neither PEM, nor base64 of its DER, nor the 32 bytes of an Ed25519 key';
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const { family } = ALGORITHMS[algorithm];
  if (type !== family || (family === 'ec' && details?.namedCurve !== 'prime256v1')) {
    return `is not a key for ${algorithm} but one for ${details?.namedCurve ?? type}`;
  }
  const tooShort = family === 'rsa' && (details?.modulusLength ?? 0) < RSA_MIN_BITS;
  return tooShort ? `is an RSA key of less than ${RSA_MIN_BITS} bits` : key;
}

function readPublicKey(text: string): KeyObject | undefined {
  try {
    if (text.startsWith('-----BEGIN ')) return createPublicKey(text);
    const raw = decodeStrictly(text.toLowerCase(), 'hex') ?? decodeStrictly(text, 'base64');
    if (!raw) return undefined;
    const der = raw.length === ED25519_KEY_BYTES ? Buffer.concat([ED25519_DER_PREFIX, raw]) : raw;
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
