import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, textSecretFault, verifyBodyHmac } from '../signature.ts';

const ID = 'x-atlassian-webhook-identifier';

/** Jira Cloud: `X-Hub-Signature: sha256=<hex>` over the body, which names the event. The delivery's id is not signed. */
export const jira = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, {
      header: 'x-hub-signature',
      prefix: 'sha256=',
      encoding: 'hex',
      optional: [ID],
    });
  },
  describe({ headers, rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: text(body.webhookEvent),
      typeSigned: true,
      time: isoTime(body.timestamp),
      subject: text(asObject(body.issue)?.key),
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;
