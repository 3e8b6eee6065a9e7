import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import {
  hmacSha256,
  oneHeader,
  parseTimestamp,
  preflight,
  refused,
  sameText,
  textSecretFault,
  timestampRefusal,
} from '../signature.ts';

const SIGNATURE = 'stripe-signature';
const TOLERANCE_SECONDS = 300;
/** Stripe sends a time, two signatures while a secret is rolled, and one for tests; a flood is not looked through. */
const PAIRS_MAX = 16;

/** Stripe: `Stripe-Signature: t=…,v1=…[,v1=…]`, hex over `t.body`. Id and type stand in the signed body. */
export const stripe = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE], optional: [] });
    if (refusal) return refusal;
    const parsed = parseSignature(oneHeader(delivery.headers, SIGNATURE) ?? '');
    if (!parsed) return refused('header_malformed');
    const good = delivery.secrets.some((secret) => {
      const expected = hmacSha256(secret, [`${parsed.timestamp}.`, delivery.rawBody], 'hex');
      return parsed.signatures.some((signature) => sameText(signature, expected));
    });
    if (!good) return refused('signature_mismatch');
    const late = timestampRefusal(parsed.timestamp, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
    return late ?? { ok: true, signed: 'time-body' };
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    // A thin event names its object beside the data, a snapshot carries it.
    const object = asObject(asObject(body.data)?.object) ?? asObject(body.related_object);
    return {
      deliveryId: text(body.id),
      idSigned: true,
      type: text(body.type),
      typeSigned: true,
      time: isoTime(body.created),
      subject: text(object?.id),
      keyFrom: 'id',
    };
  },
} satisfies Provider;

function parseSignature(header: string): { timestamp: number; signatures: string[] } | undefined {
  const split = header.split(',', PAIRS_MAX + 1);
  if (split.length > PAIRS_MAX) return undefined;
  const pairs = split.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1)];
  });
  const times = pairs.filter(([name]) => name === 't');
  const signatures = pairs.filter(([name]) => name === 'v1').map(([, value]) => value);
  const timestamp = times.length === 1 ? parseTimestamp(times[0]?.[1]) : undefined;
  if (timestamp === undefined || signatures.length === 0) return undefined;
  return { timestamp, signatures };
}
