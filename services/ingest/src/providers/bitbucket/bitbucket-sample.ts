import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const bitbucketSample: ProviderSample = {
  signed: 'body',
  signature: 'x-hub-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  alsoReads: ['x-request-id'],
  keys: sharedKeys,
  headers: ({ signing, body, id, type }) => ({
    'x-hub-signature': `sha256=${hmac(signing, body).toString('hex')}`,
    'x-request-uuid': id,
    'x-event-key': type,
  }),
};
