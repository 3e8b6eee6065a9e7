import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { calledUrl } from '../called-url.ts';
import { cutMember, jsonItems } from '../json-spans.ts';
import type { BadItem, BatchItem, Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import {
  hmacSha256,
  oneHeader,
  preflight,
  refused,
  sameText,
  textSecretFault,
  timestampRefusal,
} from '../signature.ts';

const SIGNATURE = 'x-hubspot-signature-v3';
const TIMESTAMP = 'x-hubspot-request-timestamp';
const TOLERANCE_SECONDS = 300;

/** The only escapes that HubSpot undoes in a URI before it signs it. */
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

/**
 * HubSpot v3: `X-HubSpot-Signature-v3`, base64 over method, URI, body and time (milliseconds), with the app's client secret.
 * Its subscriptions send an array of events; `eventId` is not unique, so that an item's own bytes are its key.
 */
export const hubspot = {
  signsUrl: true,
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE, TIMESTAMP], optional: [] });
    if (refusal) return refusal;
    const signature = oneHeader(delivery.headers, SIGNATURE) ?? '';
    const milliseconds = oneHeader(delivery.headers, TIMESTAMP) ?? '';
    if (!/^[1-9][0-9]{0,14}$/.test(milliseconds)) return refused('header_malformed');
    const uri = calledUrl(delivery).replace(DECODED, (escaped) => decodeURIComponent(escaped));
    const good = delivery.secrets.some((secret) =>
      sameText(signature, hmacSha256(secret, [`${delivery.method}${uri}`, delivery.rawBody, milliseconds], 'base64')),
    );
    if (!good) return refused('signature_mismatch');
    if (!isObjectOrArray(delivery.rawBody)) return refused('body_malformed');
    const tolerance = delivery.toleranceSeconds ?? TOLERANCE_SECONDS;
    const late = timestampRefusal(Math.floor(Number(milliseconds) / 1000), delivery.now, tolerance);
    return late ?? { ok: true, signed: 'time-body' };
  },
  items({ rawBody }: Delivery): readonly (BatchItem | BadItem)[] | undefined {
    return jsonItems(rawBody)?.map(({ value, bytes }) => {
      const event = asObject(value);
      if (!event) return { body: bytes, fault: 'is no object' };
      // The one thing that a retry changes.
      return { body: bytes, description: { ...describe(event), keyBody: cutMember(bytes, 'attemptNumber') } };
    });
  },
  /** Of what is no batch: the webhook action of a workflow sends one object. */
  describe: ({ rawBody }: Delivery): Description => describe(jsonObject(rawBody)),
} satisfies Provider;

function describe(event: Readonly<Record<string, unknown>>): Description {
  return {
    deliveryId: number(event.eventId),
    idSigned: true,
    // Its documentation has both names for it.
    type: text(event.subscriptionType) ?? text(event.eventType),
    typeSigned: true,
    time: isoTime(event.occurredAt),
    subject: number(event.objectId),
    keyFrom: 'type+body',
  };
}

/** HubSpot's ids are numbers; what no number holds exactly is no id. */
function number(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : text(value);
}

/**
 * Nothing divides what was signed: the same signature fits a URI that goes on into the body, or a body that starts within the
 * query. But no end of a JSON object or array is another one, so that only one division leaves a body that is one.
 */
function isObjectOrArray(rawBody: Buffer): boolean {
  try {
    const parsed: unknown = JSON.parse(rawBody.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null;
  } catch {
    return false;
  }
}
