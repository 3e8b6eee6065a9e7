import { createHash } from 'node:crypto';

/** What a header carries as it is (RFC 9110 §5.5): visible ASCII, with spaces only inside. */
const PLAIN = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * An idempotency key fit for a header. Ours may be any printable text of up to 255 characters; one that a header could not
 * carry, or would not give back unchanged, is sent as its SHA-256. The same key gives the same header, always.
 */
export function headerKey(key: string): string {
  return PLAIN.test(key) ? key : createHash('sha256').update(key).digest('base64url');
}
