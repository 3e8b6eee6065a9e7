import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const metaSample: ProviderSample = {
  signed: 'body',
  signature: 'x-hub-signature-256',
  signedHeaders: [],
  toleranceSeconds: undefined,
  options: { verifyToken: 'a token of the dashboard' },
  keys: sharedKeys,
  headers: ({ signing, body }) => ({ 'x-hub-signature-256': `sha256=${hmac(signing, body).toString('hex')}` }),
};
