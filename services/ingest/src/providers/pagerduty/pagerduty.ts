import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { hmacSha256, oneHeader, preflight, refused, sameText, textSecretFault } from '../signature.ts';

const SIGNATURE = 'x-pagerduty-signature';
const PREFIX = 'v1=';
/** One for each active secret of the subscription. */
const SIGNATURES_MAX = 16;

/** PagerDuty v3: `X-PagerDuty-Signature: v1=<hex>[,v1=<hex>]` over the body. Id and type stand in the signed body. */
export const pagerduty = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE], optional: [] });
    if (refusal) return refusal;
    const signatures = (oneHeader(delivery.headers, SIGNATURE) ?? '').split(',', SIGNATURES_MAX + 1);
    if (signatures.length > SIGNATURES_MAX || !signatures.some((one) => one.startsWith(PREFIX))) {
      return refused('header_malformed');
    }
    const good = delivery.secrets.some((secret) => {
      const expected = `${PREFIX}${hmacSha256(secret, [delivery.rawBody], 'hex')}`;
      return signatures.some((signature) => sameText(signature, expected));
    });
    return good ? { ok: true, signed: 'body' } : refused('signature_mismatch');
  },
  describe({ rawBody }: Delivery): Description {
    const event = asObject(jsonObject(rawBody).event) ?? {};
    return {
      deliveryId: text(event.id),
      idSigned: true,
      type: text(event.event_type),
      typeSigned: true,
      time: isoTime(event.occurred_at),
      subject: text(asObject(event.data)?.id),
      keyFrom: 'id',
    };
  },
} satisfies Provider;
