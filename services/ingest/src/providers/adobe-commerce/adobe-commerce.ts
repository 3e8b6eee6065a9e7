import { createVerify } from 'node:crypto';
import type { Delivery, Description, Provider, Reply, SignedDelivery, Verdict } from '../provider.ts';
import { publicKeyFault, readPublicKey } from '../public-key.ts';
import { jsonReply } from '../reply.ts';
import { decodeStrictly, oneHeader, preflight, refused } from '../signature.ts';

const SIGNATURE = 'x-adobe-commerce-webhook-signature';

const secretFault = (secret: string): string | undefined => publicKeyFault(secret, 'rsa');

/**
 * Adobe Commerce (Magento): RSA with SHA-256 over the base64 of the body; the secret is the public key that the admin shows.
 * It says neither an id nor a type: each hook has a URL, and so a source, of its own. Two equal bodies are one event, so a
 * hook's fields should hold what tells two apart (an order's id, a time).
 */
export const adobeCommerce = {
  secretFault,
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, secretFault, { required: [SIGNATURE], optional: [] });
    if (refusal) return refusal;
    const signature = decodeStrictly(oneHeader(delivery.headers, SIGNATURE) ?? '', 'base64');
    if (!signature) return refused('header_malformed');
    const signed = delivery.rawBody.toString('base64');
    const good = delivery.secrets.some((secret) => {
      const key = readPublicKey(secret);
      return key !== undefined && createVerify('sha256').update(signed).verify(key, signature);
    });
    return good ? { ok: true, signed: 'body' } : refused('signature_mismatch');
  },
  describe(_: Delivery): Description {
    return {
      deliveryId: undefined,
      idSigned: false,
      type: undefined,
      typeSigned: false,
      time: undefined,
      subject: undefined,
      keyFrom: 'type+body',
    };
  },
  /** Commerce waits for what to do next, and takes anything but an operation for a failure. */
  reply: (): Reply => jsonReply({ op: 'success' }),
} satisfies Provider;
