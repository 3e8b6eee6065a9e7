import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeStrictly } from './signature.ts';

/** What a scheme's public key must be. */
export type PublicKeyKind = 'ecdsa-p256' | 'ed25519' | 'rsa';

const RSA_LEAST_BITS = 2048;
const ED25519_HEX = /^[0-9a-fA-F]{64}$/;
const ED25519_KEY_BYTES = 32;
/** What stands before the 32 bytes of a raw Ed25519 public key in its DER form (RFC 8410). */
const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * What is wrong with a configured public key: PEM, or the base64 of its DER form, or of Ed25519 the 32 bytes in hex or
 * base64. Never repeats the key.
 */
export function publicKeyFault(text: string, kind: PublicKeyKind): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (text.includes('PRIVATE KEY')) return 'is a private key; the public one verifies';
  const key = readPublicKey(text);
  if (!key) return 'is no public key in PEM, nor the base64 of one in DER';
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (kind === 'ecdsa-p256') return namedCurve === 'prime256v1' ? undefined : 'is no ECDSA key on P-256';
  if (kind === 'ed25519') return key.asymmetricKeyType === 'ed25519' ? undefined : 'is no Ed25519 key';
  if (key.asymmetricKeyType !== 'rsa') return 'is no RSA key';
  return modulusLength < RSA_LEAST_BITS ? `is an RSA key of fewer than ${RSA_LEAST_BITS} bits` : undefined;
}

/** Keys of a few sources at once; one too many, and all are read again. */
const KEYS_MAX = 1_000;
const KEYS = new Map<string, KeyObject | undefined>();

/** Of a text that has no fault. Remembered, for reading a key costs as much as verifying with it. */
export function readPublicKey(text: string): KeyObject | undefined {
  if (KEYS.has(text)) return KEYS.get(text);
  const key = parsePublicKey(text);
  if (KEYS.size >= KEYS_MAX) KEYS.clear();
  KEYS.set(text, key);
  return key;
}

function parsePublicKey(text: string): KeyObject | undefined {
  try {
    const der = text.includes('-----BEGIN') ? undefined : derOf(text.trim());
    return createPublicKey(der ? { key: der, format: 'der', type: 'spki' } : text);
  } catch {
    return undefined;
  }
}

function derOf(text: string): Buffer | undefined {
  const bytes = ED25519_HEX.test(text) ? Buffer.from(text, 'hex') : decodeStrictly(text, 'base64');
  return bytes?.length === ED25519_KEY_BYTES ? Buffer.concat([ED25519_DER_PREFIX, bytes]) : bytes;
}
