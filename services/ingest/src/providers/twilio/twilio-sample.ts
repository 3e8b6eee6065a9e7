import { createHash, createHmac } from 'node:crypto';
import { type ProviderSample, sharedKeys, type ToSign } from '../../testing/provider-sample.ts';

/** A form's parameters, of which no two have one name. */
export const twilioSample: ProviderSample = {
  signed: 'url-body',
  signature: 'x-twilio-signature',
  signedHeaders: [],
  toleranceSeconds: undefined,
  keys: sharedKeys,
  body: () => 'MessageStatus=delivered&MessageSid=SM1f0e&To=%2B14155550100&Body=so+far%2C+so+good',
  headers({ signing, body, id, url }) {
    const params = Object.fromEntries(new URLSearchParams(body.toString()));
    const names = Object.keys(params).sort();
    const text = names.reduce((signed, name) => signed + name + params[name], url);
    return {
      'x-twilio-signature': createHmac('sha1', signing).update(text).digest('base64'),
      'i-twilio-idempotency-token': id,
    };
  },
};

/** A body that is no form: its digest stands in the URL, which alone is signed. */
export const twilioJsonSample: ProviderSample = {
  ...twilioSample,
  body: () => '{"EventType":"onMessageAdded","ConversationSid":"CH1f0e"}',
  query: digestQuery,
  headers: (delivery) => ({
    'x-twilio-signature': createHmac('sha1', delivery.signing)
      .update(`${delivery.url}?${digestQuery(delivery)}`)
      .digest('base64'),
    'i-twilio-idempotency-token': delivery.id,
  }),
};

function digestQuery({ body }: ToSign): string {
  return `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
}
