import { createPublicKey, type KeyObject } from 'node:crypto';
import { strictBase64 } from './signature.ts';

/** What a scheme's public key must be. */
export type PublicKeyKind = 'ecdsa-p256' | 'rsa';

const RSA_LEAST_BITS = 2048;

/** What is wrong with a configured public key: PEM, or the base64 of its DER form. Never repeats the key. */
export function publicKeyFault(text: string, kind: PublicKeyKind): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (text.includes('PRIVATE KEY')) return 'is a private key; the public one verifies';
  const key = readPublicKey(text);
  if (!key) return 'is no public key in PEM, nor the base64 of one in DER';
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (kind === 'ecdsa-p256') return namedCurve === 'prime256v1' ? undefined : 'is no ECDSA key on P-256';
  if (key.asymmetricKeyType !== 'rsa') return 'is no RSA key';
  return modulusLength < RSA_LEAST_BITS ? `is an RSA key of fewer than ${RSA_LEAST_BITS} bits` : undefined;
}

/** Of a text that has no fault. */
export function readPublicKey(text: string): KeyObject | undefined {
  try {
    const der = text.includes('-----BEGIN') ? undefined : strictBase64(text.trim());
    return createPublicKey(der ? { key: der, format: 'der', type: 'spki' } : text);
  } catch {
    return undefined;
  }
}
