import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const paddleSample: ProviderSample = {
  signed: 'time-body',
  signature: 'paddle-signature',
  signedHeaders: [],
  toleranceSeconds: 5,
  listSeparator: ';',
  keys: sharedKeys,
  headers: ({ signing, body, timestamp }) => ({
    'paddle-signature': `ts=${timestamp};h1=${hmac(signing, `${timestamp}:`, body).toString('hex')}`,
  }),
};
