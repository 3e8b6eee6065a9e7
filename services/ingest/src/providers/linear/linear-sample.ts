import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const linearSample: ProviderSample = {
  signed: 'time-body',
  signature: 'linear-signature',
  signedHeaders: [],
  toleranceSeconds: 60,
  readsBody: true,
  keys: sharedKeys,
  // In milliseconds.
  body: (timestamp) => `{"action":"create","type":"Issue","data":{"id":"i-1"},"webhookTimestamp":${timestamp}000}`,
  headers: ({ signing, body, id }) => ({
    'linear-signature': hmac(signing, body).toString('hex'),
    'linear-delivery': id,
  }),
};
