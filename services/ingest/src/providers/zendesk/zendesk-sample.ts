import { hmac, type ProviderSample, sharedKeys } from '../../testing/provider-sample.ts';

export const zendeskSample: ProviderSample = {
  signed: 'time-body',
  signature: 'x-zendesk-webhook-signature',
  signedHeaders: ['x-zendesk-webhook-signature-timestamp'],
  toleranceSeconds: 300,
  keys: sharedKeys,
  headers({ signing, body, id, timestamp }) {
    const time = utcTime(timestamp);
    return {
      'x-zendesk-webhook-signature-timestamp': time,
      'x-zendesk-webhook-signature': hmac(signing, time, body).toString('base64'),
      'x-zendesk-webhook-invocation-id': id,
    };
  },
};

/** `2026-09-21T14:13:20Z`; what is no time is left as it is. */
function utcTime(timestamp: number): string {
  const date = new Date(timestamp * 1000);
  return Number.isNaN(date.getTime()) ? `${timestamp}` : date.toISOString().replace('.000Z', 'Z');
}
