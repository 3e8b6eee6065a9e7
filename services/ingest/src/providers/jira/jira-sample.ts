import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const jiraSample: ProviderSample = {
  signed: 'body',
  signature: 'x-hub-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  headers: ({ signing, body, id }) => ({
    'x-hub-signature': `sha256=${hmac(signing, body).toString('hex')}`,
    'x-atlassian-webhook-identifier': id,
  }),
};
