import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const squareSample: ProviderSample = {
  signed: 'url-body',
  signature: 'x-square-hmacsha256-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  readsBody: true,
  keys: sharedKeys,
  headers: ({ signing, body, url }) => ({
    'x-square-hmacsha256-signature': hmac(signing, url, body).toString('base64'),
  }),
};
