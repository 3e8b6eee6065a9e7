import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DeliveryHeaders, Refusal, Refused, SignedDelivery, Verdict } from './provider.ts';

export type HmacHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';
export type SignatureEncoding = 'hex' | 'base64' | 'base64url';

export const hmacSha256 = (
  key: string | Buffer,
  parts: readonly (string | Buffer)[],
  encoding: SignatureEncoding,
): string => hmacOf('sha256', key, parts, encoding);

/** The HMAC over the parts one after another. A text part is a header's: Node reads those as Latin-1, so it is signed as such. */
export function hmacOf(
  hash: HmacHash,
  key: string | Buffer,
  parts: readonly (string | Buffer)[],
  encoding: SignatureEncoding,
): string {
  const hmac = createHmac(hash, key);
  for (const part of parts) typeof part === 'string' ? hmac.update(part, 'latin1') : hmac.update(part);
  return hmac.digest(encoding);
}

/**
 * Constant-time in the content (not the length) of two texts. The encoded texts are compared, not what they decode to: a
 * decoder forgives case, padding and stray bits, and a signature has exactly one spelling.
 */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The bytes of canonical text only (lower case, padded where the encoding pads, no stray bits): one spelling a value. */
export function decodeStrictly(encoded: string, encoding: SignatureEncoding): Buffer | undefined {
  const bytes = Buffer.from(encoded, encoding);
  return bytes.length > 0 && encoded === bytes.toString(encoding) ? bytes : undefined;
}

/** The header's only value; undefined where it is absent or comes twice. */
export function oneHeader(headers: DeliveryHeaders, name: string): string | undefined {
  const values = headers[name];
  return values?.length === 1 ? values[0] : undefined;
}

/**
 * What can be refused before any computing: a secret that would make every signature forgeable, a header that comes twice
 * (two readers may believe different ones), a header the scheme cannot do without.
 */
export function preflight(
  delivery: SignedDelivery,
  secretFault: (secret: string) => string | undefined,
  expected: { required: readonly string[]; optional: readonly string[] },
): Refused | undefined {
  const { headers, secrets } = delivery;
  const isDoubled = (name: string) => (headers[name]?.length ?? 0) > 1;
  const doubled = expected.required.find(isDoubled) ?? expected.optional.find(isDoubled);
  if (doubled !== undefined) return { ...refused('header_doubled'), header: doubled };
  const missing = expected.required.find((name) => !headers[name]?.[0]);
  if (missing !== undefined) return { ...refused('header_missing'), header: missing };
  const usable = secrets.length > 0 && secrets.every((secret) => secretFault(secret) === undefined);
  return usable ? undefined : refused('secret_invalid');
}

export function textSecretFault(secret: string): string | undefined {
  return secret.trim() === '' ? 'is empty' : undefined;
}

/** Seconds since the epoch, spelled in one way only: the text is part of what was signed. */
export function parseTimestamp(text: string | undefined): number | undefined {
  return text !== undefined && /^(0|[1-9][0-9]{0,11})$/.test(text) ? Number(text) : undefined;
}

/** Both ways: a clock ahead of ours would otherwise make a signature that is good for ever. */
export function timestampRefusal(timestamp: number, now: number, toleranceSeconds: number): Refused | undefined {
  const ageSeconds = Math.floor(now / 1000) - timestamp;
  if (Math.abs(ageSeconds) <= toleranceSeconds) return undefined;
  return { ok: false, reason: ageSeconds > 0 ? 'timestamp_stale' : 'timestamp_future', ageSeconds };
}

export const refused = (reason: Refusal): Refused => ({ ok: false, reason });

/** The commonest scheme: one header holds a prefix and the HMAC of the body. */
export function verifyBodyHmac(
  delivery: SignedDelivery,
  scheme: { header: string; prefix: string; encoding: SignatureEncoding; optional: readonly string[] },
): Verdict {
  const refusal = preflight(delivery, textSecretFault, { required: [scheme.header], optional: scheme.optional });
  if (refusal) return refusal;
  const signature = oneHeader(delivery.headers, scheme.header) ?? '';
  if (!signature.startsWith(scheme.prefix)) return refused('header_malformed');
  const given = signature.slice(scheme.prefix.length);
  const good = delivery.secrets.some((secret) =>
    sameText(given, hmacSha256(secret, [delivery.rawBody], scheme.encoding)),
  );
  return good ? { ok: true, signed: 'body' } : refused('signature_mismatch');
}
