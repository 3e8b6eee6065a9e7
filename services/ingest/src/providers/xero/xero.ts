import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { jsonItems } from '../json-spans.ts';
import type {
  BadItem,
  BatchItem,
  Delivery,
  Description,
  Provider,
  Reply,
  SignedDelivery,
  Verdict,
} from '../provider.ts';
import { emptyReply } from '../reply.ts';
import { textSecretFault, verifyBodyHmac } from '../signature.ts';

/**
 * Xero: `x-xero-signature`, base64 over the body. A batch of events under `events`; an event has no id. Whatever the answer
 * is, Xero takes one with a body for a failure. A webhook that is set up or enabled again is asked first, with good and bad
 * signatures and no events, whether it tells them apart.
 */
export const xero = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, { header: 'x-xero-signature', prefix: '', encoding: 'base64', optional: [] });
  },
  handshake({ rawBody }: SignedDelivery): Reply | undefined {
    const { events, entropy } = jsonObject(rawBody);
    const none = events === null || (Array.isArray(events) && events.length === 0);
    return none && entropy !== undefined ? emptyReply(200) : undefined;
  },
  items({ rawBody }: Delivery): readonly (BatchItem | BadItem)[] | undefined {
    return jsonItems(rawBody, 'events')?.map(({ value, bytes }) => {
      const event = asObject(value);
      return event ? { body: bytes, description: describe(event) } : { body: bytes, fault: 'is no object' };
    });
  },
  /** Of what is no batch: nothing that Xero is known to send. */
  describe: (): Description => describe({}),
  reply: (): Reply => emptyReply(200),
  refusal: emptyReply(401),
} satisfies Provider;

function describe(event: Readonly<Record<string, unknown>>): Description {
  const [category, kind] = [text(event.eventCategory), text(event.eventType)];
  return {
    deliveryId: undefined,
    idSigned: false,
    type: category && kind ? `${category}.${kind}` : (category ?? kind),
    typeSigned: true,
    time: isoTime(event.eventDateUtc),
    subject: text(event.resourceId),
    keyFrom: 'type+body',
  };
}
