import { sign } from 'node:crypto';
import { ecKeyPair } from '../../testing/key-pairs.ts';
import type { ProviderSample } from '../../testing/provider-sample.ts';

export const sendgridSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-twilio-email-event-webhook-signature',
  signedHeaders: ['x-twilio-email-event-webhook-timestamp'],
  toleranceSeconds: 300,
  keys(name) {
    const { publicKey, privateKey } = ecKeyPair(name);
    return {
      // As the dashboard shows it: DER in base64, without PEM's first and last line.
      configured: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      signing: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
  },
  headers: ({ signing, body, timestamp }) => ({
    'x-twilio-email-event-webhook-timestamp': `${timestamp}`,
    'x-twilio-email-event-webhook-signature': sign(
      'sha256',
      Buffer.concat([Buffer.from(`${timestamp}`), body]),
      signing,
    ).toString('base64'),
  }),
};
