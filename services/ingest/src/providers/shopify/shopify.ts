import { isoTime } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, textSecretFault, verifyBodyHmac } from '../signature.ts';

const ID = 'x-shopify-webhook-id';
const TYPE = 'x-shopify-topic';
const TIME = 'x-shopify-triggered-at';
const SHOP = 'x-shopify-shop-domain';

/** Shopify: `X-Shopify-Hmac-Sha256: <base64>` over the body. One order's body comes under several topics, and no header is signed. */
export const shopify = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, {
      header: 'x-shopify-hmac-sha256',
      prefix: '',
      encoding: 'base64',
      optional: [ID, TYPE, TIME, SHOP],
    });
  },
  describe({ headers }: Delivery): Description {
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: oneHeader(headers, TYPE),
      typeSigned: false,
      time: isoTime(oneHeader(headers, TIME)),
      subject: oneHeader(headers, SHOP),
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;
