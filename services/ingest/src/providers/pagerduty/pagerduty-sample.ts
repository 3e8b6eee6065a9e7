import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const pagerdutySample: ProviderSample = {
  signed: 'body',
  signature: 'x-pagerduty-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  listSeparator: ',',
  keys: sharedKeys,
  headers: ({ signing, body }) => ({ 'x-pagerduty-signature': `v1=${hmac(signing, body).toString('hex')}` }),
};
