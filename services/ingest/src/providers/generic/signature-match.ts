import { createHmac, createVerify, type KeyObject, verify as verifyOneShot } from 'node:crypto';
import { decodeStrictly, sameText } from '../signature.ts';
import type { GenericOptions } from './generic-options.ts';
import { ALGORITHMS } from './verification-key.ts';

const P256_SIGNATURE_BYTES = 64;

/** Whether any of the signatures is the key's over the parts one after another. A text part is a header's, in Latin-1. */
export function anySignatureMatches(
  options: GenericOptions,
  key: KeyObject,
  parts: readonly (string | Buffer)[],
  signatures: readonly string[],
): boolean {
  if (key.type === 'secret') {
    const hmac = createHmac(ALGORITHMS[options.algorithm].hash ?? 'sha256', key);
    for (const part of parts) typeof part === 'string' ? hmac.update(part, 'latin1') : hmac.update(part);
    const expected = hmac.digest(options.encoding);
    return signatures.some((signature) => sameText(signature, expected));
  }
  return signatures.some((signature) => {
    const bytes = decodeStrictly(signature, options.encoding);
    return bytes !== undefined && publicKeyMatches(options, key, parts, bytes);
  });
}

function publicKeyMatches(
  { algorithm, signatureFormat }: GenericOptions,
  key: KeyObject,
  parts: readonly (string | Buffer)[],
  signature: Buffer,
): boolean {
  const { hash } = ALGORITHMS[algorithm];
  // Ed25519 hashes twice over, so that it needs the whole at once.
  if (hash === null) return verifyOneShot(null, joined(parts), key, signature);
  // Node throws at two numbers of another length, where a malformed DER only does not match.
  const isPair = algorithm === 'ecdsa-p256' && signatureFormat === 'ieee-p1363';
  if (isPair && signature.length !== P256_SIGNATURE_BYTES) return false;
  const verifier = createVerify(hash);
  for (const part of parts) typeof part === 'string' ? verifier.update(part, 'latin1') : verifier.update(part);
  return verifier.verify({ key, dsaEncoding: signatureFormat }, signature);
}

function joined(parts: readonly (string | Buffer)[]): Buffer {
  const [first] = parts;
  if (parts.length === 1 && Buffer.isBuffer(first)) return first;
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}
