import type { SignatureEncoding } from '../signature.ts';

/** The bytes of canonical text only (lower case, padded where the encoding pads, no stray bits): one spelling a value. */
export function decodeStrictly(encoded: string, encoding: SignatureEncoding): Buffer | undefined {
  const bytes = Buffer.from(encoded, encoding);
  return bytes.length > 0 && encoded === bytes.toString(encoding) ? bytes : undefined;
}
