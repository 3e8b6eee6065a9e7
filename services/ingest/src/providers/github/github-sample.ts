import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const githubSample: ProviderSample = {
  signed: 'body',
  signature: 'x-hub-signature-256',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  headers: ({ signing, body, id, type }) => ({
    'x-hub-signature-256': `sha256=${hmac(signing, body).toString('hex')}`,
    'x-github-delivery': id,
    'x-github-event': type,
  }),
};
