import type { SignedDelivery, Verdict } from './provider.ts';
import {
  hmacSha256,
  oneHeader,
  parseTimestamp,
  preflight,
  refused,
  sameText,
  textSecretFault,
  timestampRefusal,
} from './signature.ts';

/** A time, two signatures while a secret is rolled, perhaps one for tests; a flood is not looked through. */
const FIELDS_MAX = 16;

/** A scheme whose one header holds a timestamp and one or more hex HMACs over it and the body, as named fields. */
export interface TimedScheme {
  readonly header: string;
  /** Between the header's fields. */
  readonly separator: string;
  /** The field that holds the time, in seconds since the epoch. */
  readonly time: string;
  /** The field, perhaps repeated, that holds a signature. */
  readonly signature: string;
  /** Between timestamp and body, where they are signed. */
  readonly joint: string;
  readonly toleranceSeconds: number;
}

export function verifyTimedSignature(delivery: SignedDelivery, scheme: TimedScheme): Verdict {
  const refusal = preflight(delivery, textSecretFault, { required: [scheme.header], optional: [] });
  if (refusal) return refusal;
  const parsed = parseFields(oneHeader(delivery.headers, scheme.header) ?? '', scheme);
  if (!parsed) return refused('header_malformed');
  const good = delivery.secrets.some((secret) => {
    const expected = hmacSha256(secret, [`${parsed.timestamp}${scheme.joint}`, delivery.rawBody], 'hex');
    return parsed.signatures.some((signature) => sameText(signature, expected));
  });
  if (!good) return refused('signature_mismatch');
  const tolerance = delivery.toleranceSeconds ?? scheme.toleranceSeconds;
  return timestampRefusal(parsed.timestamp, delivery.now, tolerance) ?? { ok: true, signed: 'time-body' };
}

function parseFields(
  header: string,
  { separator, time, signature }: TimedScheme,
): { timestamp: number; signatures: string[] } | undefined {
  const fields = header.split(separator, FIELDS_MAX + 1);
  if (fields.length > FIELDS_MAX) return undefined;
  const pairs = fields.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1)];
  });
  const times = pairs.filter(([name]) => name === time);
  const signatures = pairs.filter(([name]) => name === signature).map(([, value]) => value);
  const timestamp = times.length === 1 ? parseTimestamp(times[0]?.[1]) : undefined;
  if (timestamp === undefined || signatures.length === 0) return undefined;
  return { timestamp, signatures };
}
