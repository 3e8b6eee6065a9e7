import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const standardWebhooksSample = standardWebhooksSampleUnder('webhook');

export function standardWebhooksSampleUnder(prefix: 'webhook' | 'svix'): ProviderSample {
  return {
    signed: 'id-time-body',
    signature: `${prefix}-signature`,
    signedHeaders: [`${prefix}-id`, `${prefix}-timestamp`],
    toleranceSeconds: 300,
    listSeparator: ' ',
    keys: sharedKeys,
    headers({ signing, body, id, timestamp }) {
      const key = Buffer.from(signing.replace('whsec_', ''), 'base64');
      return {
        [`${prefix}-id`]: id,
        [`${prefix}-timestamp`]: String(timestamp),
        [`${prefix}-signature`]: `v1,${hmac(key, `${id}.${timestamp}.`, body).toString('base64')}`,
      };
    },
  };
}
