import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { textSecretFault, verifyBodyHmac } from '../signature.ts';

/** Typeform: `Typeform-Signature: sha256=<base64>` over the body. Id and type stand in the signed body. */
export const typeform = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, {
      header: 'typeform-signature',
      prefix: 'sha256=',
      encoding: 'base64',
      optional: [],
    });
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    const response = asObject(body.form_response);
    return {
      deliveryId: text(body.event_id),
      idSigned: true,
      type: text(body.event_type),
      typeSigned: true,
      time: isoTime(response?.submitted_at),
      subject: text(response?.form_id),
      keyFrom: 'id',
    };
  },
} satisfies Provider;
