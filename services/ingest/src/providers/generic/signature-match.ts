import { createHmac, createVerify, type KeyObject, verify as verifyOneShot } from 'node:crypto';
import { sameText } from '../signature.ts';
import type { GenericOptions } from './generic-options.ts';
import { decodeStrictly } from './strict-encoding.ts';
import { ALGORITHMS } from './verification-key.ts';

const P256_SIGNATURE_BYTES = 64;

/** Whether any of the signatures is the key's over the parts one after another. A text part is a header's, in Latin-1. */
export function anySignatureMatches(
  options: GenericOptions,
  key: KeyObject,
  parts: readonly (string | Buffer)[],
  signatures: readonly string[],
): boolean {
  const { family, hash } = ALGORITHMS[options.algorithm];
  if (family === 'hmac') {
    const hmac = createHmac(hash, key);
    for (const part of parts) typeof part === 'string' ? hmac.update(part, 'latin1') : hmac.update(part);
    const expected = hmac.digest(options.encoding);
    return signatures.some((signature) => sameText(signature, expected));
  }
  return signatures.some((signature) => {
    const bytes = decodeStrictly(signature, options.encoding);
    if (!bytes) return false;
    // Node throws at two numbers of another length, where a malformed DER only does not match.
    if (options.signatureFormat === 'ieee-p1363' && family === 'ec' && bytes.length !== P256_SIGNATURE_BYTES)
      return false;
    // Ed25519 hashes twice over, so that it needs the whole at once.
    if (family === 'ed25519') return verifyOneShot(null, joined(parts), key, bytes);
    const verifier = createVerify(hash);
    for (const part of parts) typeof part === 'string' ? verifier.update(part, 'latin1') : verifier.update(part);
    return verifier.verify({ key, dsaEncoding: options.signatureFormat }, bytes);
  });
}

function joined(parts: readonly (string | Buffer)[]): Buffer {
  const [first] = parts;
  if (parts.length === 1 && Buffer.isBuffer(first)) return first;
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}
