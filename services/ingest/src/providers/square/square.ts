import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { calledUrl } from '../called-url.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { hmacSha256, oneHeader, preflight, refused, sameText, textSecretFault } from '../signature.ts';

const SIGNATURE = 'x-square-hmacsha256-signature';

/** Square: `x-square-hmacsha256-signature: <base64>` over the notification URL, exactly as it is written at Square, and the body. */
export const square = {
  secretFault: textSecretFault,
  signsUrl: true,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE], optional: [] });
    if (refusal) return refusal;
    const given = oneHeader(delivery.headers, SIGNATURE) ?? '';
    const signed = [Buffer.from(calledUrl(delivery)), delivery.rawBody];
    const good = delivery.secrets.some((secret) => sameText(given, hmacSha256(secret, signed, 'base64')));
    return good ? { ok: true, signed: 'url-body' } : refused('signature_mismatch');
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
