import { isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import {
  hmacSha256,
  oneHeader,
  preflight,
  refused,
  sameText,
  textSecretFault,
  timestampRefusal,
} from '../signature.ts';

const SIGNATURE = 'x-zendesk-webhook-signature';
const TIMESTAMP = 'x-zendesk-webhook-signature-timestamp';
const INVOCATION = 'x-zendesk-webhook-invocation-id';
const TOLERANCE_SECONDS = 300;

/**
 * Zendesk: `X-Zendesk-Webhook-Signature`, base64 over the time (as text, in UTC) and the body. An event of Zendesk's own
 * has its id and type in the body. What a trigger sends is whatever its author wrote, where an `id` may be the ticket's:
 * it is known by its bytes, and a source whose triggers repeat themselves wants `dedupe: 'id+body'`.
 */
export const zendesk = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const headers = { required: [SIGNATURE, TIMESTAMP], optional: [INVOCATION] };
    const refusal = preflight(delivery, textSecretFault, headers);
    if (refusal) return refusal;
    const signature = oneHeader(delivery.headers, SIGNATURE) ?? '';
    const time = oneHeader(delivery.headers, TIMESTAMP) ?? '';
    const seconds = Date.parse(time) / 1000;
    // Of one length, so that no signature fits two divisions of what was signed.
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time) || Number.isNaN(seconds)) return refused('header_malformed');
    const good = delivery.secrets.some((secret) =>
      sameText(signature, hmacSha256(secret, [time, delivery.rawBody], 'base64')),
    );
    if (!good) return refused('signature_mismatch');
    const late = timestampRefusal(seconds, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
    return late ?? { ok: true, signed: 'time-body' };
  },
  describe({ headers, rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    const id = text(body.zendesk_event_version) && text(body.id);
    return {
      deliveryId: id ?? oneHeader(headers, INVOCATION),
      idSigned: id !== undefined,
      type: text(body.type),
      typeSigned: true,
      time: isoTime(body.time),
      subject: text(body.subject),
      keyFrom: id === undefined ? 'type+body' : 'id',
    };
  },
} satisfies Provider;
