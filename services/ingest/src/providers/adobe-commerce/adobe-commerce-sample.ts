import { sign } from 'node:crypto';
import { rsaKeyPair } from '../../testing/key-pairs.ts';
import type { ProviderSample } from '../../testing/provider-sample.ts';

export const adobeCommerceSample: ProviderSample = {
  signed: 'body',
  signature: 'x-adobe-commerce-webhook-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys(name) {
    const { publicKey, privateKey } = rsaKeyPair(name);
    return {
      configured: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      signing: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
  },
  headers: ({ signing, body }) => ({
    'x-adobe-commerce-webhook-signature': sign('sha256', Buffer.from(body.toString('base64')), signing).toString(
      'base64',
    ),
  }),
};
