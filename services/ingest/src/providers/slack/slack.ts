import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { formObject } from '../form.ts';
import type { Delivery, Description, Provider, Reply, SignedDelivery, Verdict } from '../provider.ts';
import { emptyReply } from '../reply.ts';
import { textSecretFault } from '../signature.ts';
import { verifyV0 } from '../v0-signature.ts';

/**
 * Slack: `X-Slack-Signature: v0=<hex>` over `v0:<X-Slack-Request-Timestamp>:<body>`. Events are JSON; slash commands and
 * interactions are forms, signed over the same raw bytes.
 */
export const slack = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyV0(delivery, { signature: 'x-slack-signature', timestamp: 'x-slack-request-timestamp' });
  },
  handshake({ rawBody }: SignedDelivery): Reply | undefined {
    const said = saidBy(rawBody);
    // A look at the certificate of a command's URL.
    if (said.kind === 'form') return said.fields.ssl_check === '1' ? emptyReply(200) : undefined;
    const challenge = said.body.type === 'url_verification' ? text(said.body.challenge) : undefined;
    return challenge === undefined ? undefined : { status: 200, contentType: 'text/plain', body: challenge };
  },
  describe({ rawBody }: Delivery): Description {
    const said = saidBy(rawBody);
    return said.kind === 'json' ? describeEvent(said.body) : describeForm(said.fields);
  },
  /** Slack shows whoever typed a command any other answer, or takes it for a failure. */
  reply({ rawBody }: Delivery): Reply | undefined {
    return saidBy(rawBody).kind === 'form' ? emptyReply(200) : undefined;
  },
} satisfies Provider;

type Fields = ReturnType<typeof formObject>;
type Said =
  | { readonly kind: 'json'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'form'; readonly fields: Fields };

/** By the bytes, not by the content type: nobody signs that. */
function saidBy(rawBody: Buffer): Said {
  const body = jsonObject(rawBody);
  if (Object.keys(body).length > 0) return { kind: 'json', body };
  const fields = formObject(rawBody);
  return fields.command !== undefined || fields.payload !== undefined || fields.ssl_check !== undefined
    ? { kind: 'form', fields }
    : { kind: 'json', body };
}

function describeEvent(body: Readonly<Record<string, unknown>>): Description {
  const event = asObject(body.event) ?? {};
  const deliveryId = text(body.event_id);
  return {
    deliveryId,
    idSigned: true,
    type: text(event.type) ?? text(body.type),
    typeSigned: true,
    time: isoTime(body.event_time),
    subject: text(event.channel),
    keyFrom: deliveryId === undefined ? 'type+body' : 'id',
  };
}

/** A command, or an interaction, whose `payload` is JSON. A trigger is not promised to be unique, so the body is the key. */
function describeForm(fields: Fields): Description {
  const payload = jsonObject(Buffer.from(fields.payload ?? ''));
  const isCommand = fields.command !== undefined;
  return {
    deliveryId: text(isCommand ? fields.trigger_id : payload.trigger_id),
    idSigned: true,
    type: isCommand ? 'command' : text(payload.type),
    typeSigned: true,
    time: undefined,
    subject: isCommand ? text(fields.command) : (text(payload.callback_id) ?? text(asObject(payload.channel)?.id)),
    keyFrom: 'type+body',
  };
}
