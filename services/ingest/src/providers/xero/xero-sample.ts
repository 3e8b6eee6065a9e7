import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const xeroSample: ProviderSample = {
  signed: 'body',
  signature: 'x-xero-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  headers: ({ signing, body }) => ({ 'x-xero-signature': hmac(signing, body).toString('base64') }),
};
