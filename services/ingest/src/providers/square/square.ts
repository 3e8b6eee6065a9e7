import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { calledUrl } from '../called-url.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { hmacSha256, oneHeader, preflight, refused, sameText, textSecretFault } from '../signature.ts';

const SIGNATURE = 'x-square-hmacsha256-signature';
const BRACE = '{'.charCodeAt(0);

/** Square: `x-square-hmacsha256-signature: <base64>` over the notification URL, exactly as it is written at Square, and the body. */
export const square = {
  secretFault: textSecretFault,
  signsUrl: true,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE], optional: [] });
    if (refusal) return refusal;
    const given = oneHeader(delivery.headers, SIGNATURE) ?? '';
    const url = calledUrl(delivery);
    const signed = [Buffer.from(url), delivery.rawBody];
    const good = delivery.secrets.some((secret) => sameText(given, hmacSha256(secret, signed, 'base64')));
    if (!good) return refused('signature_mismatch');
    // They are signed side by side: but for the first brace, the end of one could be passed off as the beginning of the other.
    return url.includes('{') || delivery.rawBody[0] !== BRACE
      ? refused('body_malformed')
      : { ok: true, signed: 'url-body' };
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    return {
      deliveryId: text(body.event_id),
      idSigned: true,
      type: text(body.type),
      typeSigned: true,
      time: isoTime(body.created_at),
      subject: text(asObject(body.data)?.id),
      keyFrom: 'id',
    };
  },
} satisfies Provider;
