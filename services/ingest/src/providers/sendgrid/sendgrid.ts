import { createVerify } from 'node:crypto';
import { asObject, isoTime, text } from '../body.ts';
import { jsonItems } from '../json-spans.ts';
import type { BadItem, BatchItem, Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { publicKeyFault, readPublicKey } from '../public-key.ts';
import { decodeStrictly, oneHeader, parseTimestamp, preflight, refused, timestampRefusal } from '../signature.ts';

const SIGNATURE = 'x-twilio-email-event-webhook-signature';
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp';
const TOLERANCE_SECONDS = 300;

const secretFault = (secret: string): string | undefined => publicKeyFault(secret, 'ecdsa-p256');

/**
 * SendGrid's signed event webhook: ECDSA P-256 with SHA-256 over timestamp and body, DER in base64; the secret is the
 * verification key that the dashboard shows. The body is an array of up to thousands of events, each with a unique id.
 */
export const sendgrid = {
  secretFault,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, secretFault, { required: [SIGNATURE, TIMESTAMP], optional: [] });
    if (refusal) return refusal;
    const timestamp = parseTimestamp(oneHeader(delivery.headers, TIMESTAMP));
    const signature = decodeStrictly(oneHeader(delivery.headers, SIGNATURE) ?? '', 'base64');
    if (timestamp === undefined || !signature) return refused('header_malformed');
    // What a public key verifies is dear: the time is looked at first.
    const late = timestampRefusal(timestamp, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
    if (late) return late;
    const good = delivery.secrets.some((secret) => {
      const key = readPublicKey(secret);
      const signed = createVerify('sha256').update(String(timestamp)).update(delivery.rawBody);
      return key !== undefined && signed.verify(key, signature);
    });
    if (!good) return refused('signature_mismatch');
    return { ok: true, signed: 'time-body' };
  },
  items({ rawBody }: Delivery): readonly (BatchItem | BadItem)[] | undefined {
    return jsonItems(rawBody)?.map(({ value, bytes }) => {
      const event = asObject(value);
      if (!event) return { body: bytes, fault: 'is no object' };
      if (text(event.sg_event_id) === undefined) return { body: bytes, fault: 'has no sg_event_id' };
      return { body: bytes, description: describe(event) };
    });
  },
  /** Of what is no batch: nothing that SendGrid is known to send. */
  describe: (): Description => ({ ...describe({}), keyFrom: 'type+body' }),
} satisfies Provider;

function describe(event: Readonly<Record<string, unknown>>): Description {
  return {
    deliveryId: text(event.sg_event_id),
    idSigned: true,
    type: text(event.event),
    typeSigned: true,
    time: isoTime(event.timestamp),
    subject: text(event.sg_message_id),
    keyFrom: 'id',
  };
}
