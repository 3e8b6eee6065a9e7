import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const typeformSample: ProviderSample = {
  signed: 'body',
  signature: 'typeform-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  headers: ({ signing, body }) => ({ 'typeform-signature': `sha256=${hmac(signing, body).toString('base64')}` }),
};
