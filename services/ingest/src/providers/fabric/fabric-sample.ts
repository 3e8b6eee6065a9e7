import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const fabricSample: ProviderSample = {
  signed: 'body',
  signature: 'x-fabric-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  headers: ({ signing, body, id, type }) => ({
    'x-fabric-signature': `sha256=${hmac(signing, body).toString('hex')}`,
    'idempotency-key': id,
    'x-fabric-event': type,
  }),
};
