import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const zoomSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-zm-signature',
  signedHeaders: ['x-zm-request-timestamp'],
  toleranceSeconds: 300,
  keys: sharedKeys,
  headers({ signing, body, timestamp }) {
    const message = Buffer.concat([Buffer.from(`v0:${timestamp}:`), body]);
    return {
      'x-zm-request-timestamp': String(timestamp),
      'x-zm-signature': `v0=${hmac(signing, message).toString('hex')}`,
    };
  },
};
