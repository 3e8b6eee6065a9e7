import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const stripeSample: ProviderSample = {
  signed: 'time-body',
  signature: 'stripe-signature',
  signedHeaders: [],
  toleranceSeconds: 300,
  listSeparator: ',',
  keys: sharedKeys,
  headers: ({ signing, body, timestamp }) => ({
    'stripe-signature': `t=${timestamp},v1=${hmac(signing, `${timestamp}.`, body).toString('hex')}`,
  }),
};
