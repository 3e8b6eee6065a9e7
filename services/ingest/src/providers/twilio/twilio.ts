import { createHash } from 'node:crypto';
import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { calledUrl } from '../called-url.ts';
import { formFields, formObject } from '../form.ts';
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
import { hmacOf, oneHeader, preflight, refused, sameText, textSecretFault } from '../signature.ts';

const SIGNATURE = 'x-twilio-signature';
const ID = 'i-twilio-idempotency-token';

/**
 * Twilio: `X-Twilio-Signature: <base64 HMAC-SHA1>` over the URL and the form's parameters, sorted and run together; where
 * the URL has `bodySHA256`, over the URL alone, and the body has that digest. Twilio signs the URL with or without the port.
 */
export const twilio = {
  secretFault: textSecretFault,
  signsUrl: true,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, textSecretFault, { required: [SIGNATURE], optional: [ID] });
    if (refusal) return refusal;
    const digest = bodyDigest(delivery);
    if (digest !== undefined && !sameText(digest, sha256Hex(delivery.rawBody))) return refused('signature_mismatch');
    const params = digest === undefined ? signedParams(delivery.rawBody) : Buffer.alloc(0);
    if (params === undefined) return refused('body_malformed');
    const given = oneHeader(delivery.headers, SIGNATURE) ?? '';
    const urls = urlsSigned(calledUrl(delivery)).map((url) => Buffer.from(url));
    const good = delivery.secrets.some((secret) =>
      urls.some((url) => sameText(given, hmacOf('sha1', secret, [url, params], 'base64'))),
    );
    return good ? { ok: true, signed: 'url-body' } : refused('signature_mismatch');
  },
  describe(delivery: Delivery): Description {
    const { headers, rawBody } = delivery;
    const isForm = bodyDigest(delivery) === undefined;
    const fields = isForm ? formObject(rawBody) : {};
    const body = isForm ? fields : jsonObject(rawBody);
    const params = isForm ? signedParams(rawBody) : undefined;
    const [url = ''] = urlsSigned(calledUrl(delivery));
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: text(body.EventType) ?? text(body.StatusCallbackEvent) ?? typeByStatus(fields),
      // Names and values run together when they are signed: where a name ends nobody vouches for.
      typeSigned: !isForm,
      time: isoTime(body.Timestamp),
      subject: text(body.MessageSid) ?? text(body.CallSid) ?? text(body.ConversationSid) ?? text(body.RoomSid),
      keyFrom: 'type+body',
      // In another order, with other escapes, divided elsewhere: what is the same to the signature is the same event.
      ...(params && { keyBody: Buffer.concat([Buffer.from(url), params]) }),
    };
  },
  /** Event Streams sends an array of CloudEvents. */
  items(delivery: Delivery): readonly (BatchItem | BadItem)[] | undefined {
    if (bodyDigest(delivery) === undefined) return undefined;
    return jsonItems(delivery.rawBody)?.map(({ value, bytes }) => {
      const event = asObject(value);
      if (!event) return { body: bytes, fault: 'is no object' };
      return text(event.id)
        ? { body: bytes, description: describeCloudEvent(event) }
        : { body: bytes, fault: 'has no id' };
    });
  },
  /** Twilio reads the answer to a call or a message as instructions: these are none. */
  reply(delivery: Delivery): Reply | undefined {
    if (bodyDigest(delivery) !== undefined) return undefined;
    return { status: 200, contentType: 'text/xml', body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' };
  },
} satisfies Provider;

const describeCloudEvent = (event: Readonly<Record<string, unknown>>): Description => ({
  deliveryId: text(event.id),
  idSigned: true,
  type: text(event.type),
  typeSigned: true,
  time: isoTime(event.time),
  subject: text(event.subject) ?? text(event.source),
  keyFrom: 'id',
});

/** The digest that the URL as it is signed gives for a body that is no form; a query that is not signed proves nothing. */
const bodyDigest = (delivery: Delivery): string | undefined =>
  new URLSearchParams(calledUrl(delivery).split('?')[1]).get('bodySHA256') ?? undefined;

const sha256Hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Names and values run together, by name, a repeated name with each of its values once; undefined where there are too many. */
function signedParams(rawBody: Buffer): Buffer | undefined {
  const fields = formFields(rawBody);
  if (!fields) return undefined;
  const byName = new Map<string, Set<string>>();
  for (const [name, value] of fields) byName.set(name, (byName.get(name) ?? new Set()).add(value));
  const sorted = [...byName].sort(([a], [b]) => compare(a, b));
  return Buffer.from(
    sorted
      .map(([name, values]) =>
        [...values]
          .sort(compare)
          .map((one) => name + one)
          .join(''),
      )
      .join(''),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Without a port, and with the one it was called at. */
function urlsSigned(url: string): readonly string[] {
  const parts = /^(https?:\/\/)([^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(:\d+)?(.*)$/s.exec(url);
  if (!parts) return [url];
  const [, scheme = '', user = '', host = '', port, rest = ''] = parts;
  const standard = scheme === 'https://' ? ':443' : ':80';
  return [`${scheme}${user}${host}${rest}`, `${scheme}${user}${host}${port ?? standard}${rest}`];
}

/** Of what has no name of its own: `message.delivered`, `call.completed`. */
function typeByStatus({ MessageStatus, SmsStatus, CallStatus }: ReturnType<typeof formObject>): string | undefined {
  const message = text(MessageStatus) ?? text(SmsStatus);
  if (message !== undefined) return `message.${message}`;
  return text(CallStatus) === undefined ? undefined : `call.${CallStatus}`;
}
