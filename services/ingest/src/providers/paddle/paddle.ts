import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { textSecretFault } from '../signature.ts';
import { verifyTimedSignature } from '../timed-signature.ts';

/**
 * Paddle Billing: `Paddle-Signature: ts=…;h1=…[;h1=…]`, hex over `ts:body`. Paddle's own tolerance is narrow; a source whose
 * clock or road is worse has a `toleranceSeconds` of its own.
 */
export const paddle = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyTimedSignature(delivery, {
      header: 'paddle-signature',
      separator: ';',
      time: 'ts',
      signature: 'h1',
      joint: ':',
      toleranceSeconds: 5,
    });
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    return {
      deliveryId: text(body.event_id),
      idSigned: true,
      type: text(body.event_type),
      typeSigned: true,
      time: isoTime(body.occurred_at),
      subject: text(asObject(body.data)?.id),
      keyFrom: 'id',
    };
  },
  acceptedStatus: 200,
} satisfies Provider;
