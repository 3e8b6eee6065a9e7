import { verify as verifySignature } from 'node:crypto';
import { isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { readPublicKey } from '../public-key.ts';
import {
  decodeStrictly,
  hmacSha256,
  oneHeader,
  parseTimestamp,
  preflight,
  refused,
  sameText,
  timestampRefusal,
} from '../signature.ts';

const TOLERANCE_SECONDS = 300;
const SIGNATURES_MAX = 16;
const SECRET_PREFIX = 'whsec_';
const PUBLIC_KEY_PREFIX = 'whpk_';
const ED25519_KEY_BYTES = 32;

export const standardWebhooks = standardWebhooksUnder('webhook');

/**
 * Standard Webhooks 1.0: `<prefix>-id`, `-timestamp`, `-signature`; a space-separated list of `v1,<base64 HMAC>` (secret
 * `whsec_<base64>`) and `v1a,<base64 Ed25519>` (public key `whpk_<base64>`) over `id.timestamp.body`.
 */
export function standardWebhooksUnder(prefix: 'webhook' | 'svix'): Provider {
  const names = { id: `${prefix}-id`, timestamp: `${prefix}-timestamp`, signature: `${prefix}-signature` };
  return {
    secretFault,
    verify(delivery: SignedDelivery): Verdict {
      const refusal = preflight(delivery, secretFault, { required: Object.values(names), optional: [] });
      if (refusal) return refusal;
      const id = oneHeader(delivery.headers, names.id) ?? '';
      const timestamp = parseTimestamp(oneHeader(delivery.headers, names.timestamp));
      const signatures = (oneHeader(delivery.headers, names.signature) ?? '').split(' ');
      // The full stop divides what was signed: with one in the id, the same signature would fit another id, time and body.
      if (timestamp === undefined || id.includes('.') || signatures.length > SIGNATURES_MAX) {
        return refused('header_malformed');
      }
      const late = timestampRefusal(timestamp, delivery.now, delivery.toleranceSeconds ?? TOLERANCE_SECONDS);
      // What a public key verifies is dear: the time is looked at first.
      if (late && delivery.secrets.some((secret) => secret.startsWith(PUBLIC_KEY_PREFIX))) return late;
      const head = `${id}.${timestamp}.`;
      if (!delivery.secrets.some((secret) => matches(secret, head, delivery.rawBody, signatures))) {
        return refused('signature_mismatch');
      }
      return late ?? { ok: true, signed: 'id-time-body' };
    },
    describe({ headers, rawBody }: Delivery): Description {
      const body = jsonObject(rawBody);
      return {
        deliveryId: oneHeader(headers, names.id),
        idSigned: true,
        type: text(body.type),
        typeSigned: true,
        // The header's time is the attempt's, and a retry has another.
        time: isoTime(body.timestamp),
        subject: undefined,
        keyFrom: 'id',
      };
    },
  };
}

function matches(secret: string, head: string, rawBody: Buffer, signatures: readonly string[]): boolean {
  if (!secret.startsWith(PUBLIC_KEY_PREFIX)) {
    const expected = `v1,${hmacSha256(secretBytes(secret), [head, rawBody], 'base64')}`;
    return signatures.some((signature) => sameText(signature, expected));
  }
  const key = readPublicKey(secretText(secret));
  const signed = Buffer.concat([Buffer.from(head, 'latin1'), rawBody]);
  return signatures.some((signature) => {
    const bytes = signature.startsWith('v1a,') ? decodeStrictly(signature.slice('v1a,'.length), 'base64') : undefined;
    return key !== undefined && bytes !== undefined && verifySignature(null, signed, key, bytes);
  });
}

function secretFault(secret: string): string | undefined {
  if (secret.trim() === '' || secret === SECRET_PREFIX || secret === PUBLIC_KEY_PREFIX) return 'is empty';
  if (secret.startsWith('whsk_')) return 'is a private key; the public one (whpk_…) verifies';
  if (!decodeStrictly(secretText(secret), 'base64'))
    return `is not base64 (after ${SECRET_PREFIX} or ${PUBLIC_KEY_PREFIX})`;
  if (secret.startsWith(PUBLIC_KEY_PREFIX) && secretBytes(secret).length !== ED25519_KEY_BYTES) {
    return `is not an Ed25519 public key of ${ED25519_KEY_BYTES} bytes`;
  }
  return undefined;
}

const secretText = (secret: string): string => secret.replace(/^(whsec|whpk)_/, '');
const secretBytes = (secret: string): Buffer => Buffer.from(secretText(secret), 'base64');
