import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const hubspotSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-hubspot-signature-v3',
  signedHeaders: ['x-hubspot-request-timestamp'],
  toleranceSeconds: 300,
  signsMethod: true,
  readsBody: true,
  keys: sharedKeys,
  headers: ({ signing, body, timestamp, url }) => ({
    'x-hubspot-request-timestamp': `${timestamp}000`,
    'x-hubspot-signature-v3': hmac(signing, `POST${url}`, body, `${timestamp}000`).toString('base64'),
  }),
};
