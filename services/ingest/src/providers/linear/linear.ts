import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, refused, textSecretFault, timestampRefusal, verifyBodyHmac } from '../signature.ts';

const ID = 'linear-delivery';
const TOLERANCE_SECONDS = 60;

/** Linear: `Linear-Signature: <hex>` over the body, whose `webhookTimestamp` (ms) says when it was sent. Its id is not signed. */
export const linear = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const verdict = verifyBodyHmac(delivery, {
      header: 'linear-signature',
      prefix: '',
      encoding: 'hex',
      optional: [ID],
    });
    if (!verdict.ok) return verdict;
    const { webhookTimestamp } = jsonObject(delivery.rawBody);
    if (typeof webhookTimestamp !== 'number' || !Number.isFinite(webhookTimestamp)) return refused('body_malformed');
    const tolerance = delivery.toleranceSeconds ?? TOLERANCE_SECONDS;
    const late = timestampRefusal(Math.floor(webhookTimestamp / 1000), delivery.now, tolerance);
    return late ?? { ok: true, signed: 'time-body' };
  },
  describe({ headers, rawBody }: Delivery): Description {
    const { webhookTimestamp: _, ...body } = jsonObject(rawBody);
    const data = asObject(body.data);
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: text(body.type),
      typeSigned: true,
      time: isoTime(body.createdAt),
      subject: text(data?.identifier) ?? text(data?.id),
      keyFrom: 'type+body',
      // A retry is sent at another time, and says so in its body.
      keyBody: Buffer.from(JSON.stringify(body)),
    };
  },
  /** Anything but 200 is a failure to Linear. */
  acceptedStatus: 200,
} satisfies Provider;
