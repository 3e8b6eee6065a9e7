import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const shopifySample: ProviderSample = {
  signed: 'body',
  signature: 'x-shopify-hmac-sha256',
  signedHeaders: [],
  toleranceSeconds: undefined,
  alsoReads: ['x-shopify-triggered-at', 'x-shopify-shop-domain'],
  keys: sharedKeys,
  headers: ({ signing, body, id, type }) => ({
    'x-shopify-hmac-sha256': hmac(signing, body).toString('base64'),
    'x-shopify-webhook-id': id,
    'x-shopify-topic': type,
  }),
};
