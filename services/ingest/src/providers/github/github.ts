import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, textSecretFault, verifyBodyHmac } from '../signature.ts';

const ID = 'x-github-delivery';
const TYPE = 'x-github-event';

/** GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. Neither the delivery's id nor its type is signed, and no time is. */
export const github = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, {
      header: 'x-hub-signature-256',
      prefix: 'sha256=',
      encoding: 'hex',
      optional: [ID, TYPE],
    });
  },
  describe({ headers }: Delivery): Description {
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: oneHeader(headers, TYPE),
      typeSigned: false,
      time: undefined,
      subject: undefined,
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;
