import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { textSecretFault } from '../signature.ts';
import { verifyTimedSignature } from '../timed-signature.ts';

/** Stripe: `Stripe-Signature: t=…,v1=…[,v1=…]`, hex over `t.body`. Id and type stand in the signed body. */
export const stripe = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyTimedSignature(delivery, {
      header: 'stripe-signature',
      separator: ',',
      time: 't',
      signature: 'v1',
      joint: '.',
      toleranceSeconds: 300,
    });
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
