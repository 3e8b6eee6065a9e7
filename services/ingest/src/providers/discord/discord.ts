import { verify as verifySignature } from 'node:crypto';
import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, Reply, SignedDelivery, Verdict } from '../provider.ts';
import { publicKeyFault, readPublicKey } from '../public-key.ts';
import { emptyReply, jsonReply } from '../reply.ts';
import { oneHeader, parseTimestamp, preflight, refused, timestampRefusal } from '../signature.ts';

const SIGNATURE = 'x-signature-ed25519';
const TIMESTAMP = 'x-signature-timestamp';
const TOLERANCE_SECONDS = 300;
/** An interaction's `type`, and the answer that lets its user wait for a follow-up. */
const INTERACTIONS: Readonly<Record<number, { type: string; deferred: unknown }>> = {
  2: { type: 'APPLICATION_COMMAND', deferred: { type: 5 } },
  3: { type: 'MESSAGE_COMPONENT', deferred: { type: 6 } },
  4: { type: 'APPLICATION_COMMAND_AUTOCOMPLETE', deferred: { type: 8, data: { choices: [] } } },
  5: { type: 'MODAL_SUBMIT', deferred: { type: 5 } },
};

/**
 * Discord: `X-Signature-Ed25519: <hex>` over `X-Signature-Timestamp` and body, for interactions and webhook events alike.
 * The secret is the application's public key. Discord sends bad signatures on purpose and expects 401.
 */
export const discord = {
  secretFault,
  verify(delivery: SignedDelivery): Verdict {
    const { headers, rawBody, secrets } = delivery;
    const refusal = preflight(delivery, secretFault, { required: [SIGNATURE, TIMESTAMP], optional: [] });
    if (refusal) return refusal;
    const timestamp = parseTimestamp(oneHeader(headers, TIMESTAMP));
    const signature = oneHeader(headers, SIGNATURE) ?? '';
    if (timestamp === undefined || !/^[0-9a-f]{128}$/.test(signature)) return refused('header_malformed');
    // What a public key verifies is dear: the time is looked at first.
    const late = timestampRefusal(timestamp, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
    if (late) return late;
    const signed = Buffer.concat([Buffer.from(String(timestamp)), rawBody]);
    const bytes = Buffer.from(signature, 'hex');
    if (!secrets.some((secret) => verifiesUnder(secret, signed, bytes))) return refused('signature_mismatch');
    return { ok: true, signed: 'time-body' };
  },
  handshake({ rawBody }: SignedDelivery): Reply | undefined {
    const body = jsonObject(rawBody);
    if (body.type === 0) return emptyReply(204);
    return body.type === 1 && !asObject(body.event) ? jsonReply({ type: 1 }) : undefined;
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    const event = asObject(body.event);
    // A webhook event has no id; its application's is no delivery's.
    const deliveryId = event ? undefined : text(body.id);
    return {
      deliveryId,
      idSigned: true,
      type: event ? text(event.type) : interactionOf(body)?.type,
      typeSigned: true,
      time: isoTime(event?.timestamp),
      subject: event ? text(asObject(asObject(event.data)?.user)?.id) : (text(body.channel_id) ?? text(body.guild_id)),
      keyFrom: deliveryId === undefined ? 'type+body' : 'id',
    };
  },
  /** An event wants 204; an interaction fails before its user's eyes unless it is answered in its own terms. */
  reply({ rawBody }: Delivery): Reply | undefined {
    const body = jsonObject(rawBody);
    if (asObject(body.event)) return emptyReply(204);
    const interaction = interactionOf(body);
    return interaction && jsonReply(interaction.deferred);
  },
} satisfies Provider;

const interactionOf = ({ type }: Readonly<Record<string, unknown>>) =>
  typeof type === 'number' ? INTERACTIONS[type] : undefined;

function secretFault(secret: string): string | undefined {
  return publicKeyFault(secret, 'ed25519');
}

function verifiesUnder(secret: string, signed: Buffer, signature: Buffer): boolean {
  const key = readPublicKey(secret);
  return key !== undefined && verifySignature(null, signed, key, signature);
}
