import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const slackSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-slack-signature',
  signedHeaders: ['x-slack-request-timestamp'],
  toleranceSeconds: 300,
  keys: sharedKeys,
  headers: ({ signing, body, timestamp }) => ({
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `v0=${hmac(signing, `v0:${timestamp}:`, body).toString('hex')}`,
  }),
};
