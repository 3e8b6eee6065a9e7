import { createHmac } from 'node:crypto';
import { type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

/** One that needs most of what the options can say. */
export const genericSample: ProviderSample = {
  signed: 'id-time-body',
  signature: 'x-acme-signature',
  signedHeaders: ['x-acme-id'],
  toleranceSeconds: 300,
  listSeparator: ';',
  signsMethod: true,
  alsoReads: ['x-acme-about'],
  options: {
    algorithm: 'hmac-sha512',
    encoding: 'base64url',
    header: 'X-Acme-Signature',
    separator: ';',
    field: 's',
    sign: '{id}\n{timestamp}\n{method}\n{url}\n{body}',
    timestamp: { field: 't' },
    id: { header: 'X-Acme-Id' },
    type: { body: 'type' },
    subject: { header: 'X-Acme-About' },
  },
  keys: sharedKeys,
  headers({ signing, body, id, timestamp, url }) {
    const mac = createHmac('sha512', signing).update(`${id}\n${timestamp}\nPOST\n${url}\n`).update(body);
    return {
      'x-acme-id': id,
      'x-acme-signature': `t=${timestamp};s=${mac.digest('base64url')}`,
    };
  },
};
