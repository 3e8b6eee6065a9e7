import { asObject, isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, Reply, SignedDelivery, Verdict } from '../provider.ts';
import { jsonReply } from '../reply.ts';
import { hmacSha256, textSecretFault } from '../signature.ts';
import { type V0Headers, v0Signer, verifyV0 } from '../v0-signature.ts';

const HEADERS: V0Headers = { signature: 'x-zm-signature', timestamp: 'x-zm-request-timestamp' };

/** Zoom: `x-zm-signature: v0=<hex>` over `v0:<x-zm-request-timestamp>:<body>`. No delivery has an id. */
export const zoom = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyV0(delivery, HEADERS);
  },
  /** Answered under the secret that asked: during a rotation Zoom knows only that one. */
  handshake(delivery: SignedDelivery): Reply | undefined {
    const body = jsonObject(delivery.rawBody);
    const plainToken = text(asObject(body.payload)?.plainToken);
    if (body.event !== 'endpoint.url_validation' || plainToken === undefined) return undefined;
    const secret = v0Signer(delivery, HEADERS) ?? '';
    return jsonReply({ plainToken, encryptedToken: hmacSha256(secret, [Buffer.from(plainToken)], 'hex') });
  },
  describe({ rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    const object = asObject(asObject(body.payload)?.object);
    return {
      deliveryId: undefined,
      idSigned: false,
      type: text(body.event),
      typeSigned: true,
      time: isoTime(body.event_ts),
      subject: text(object?.uuid) ?? text(object?.id),
      keyFrom: 'type+body',
    };
  },
  /** Anything but 200 and 204 is a failure to Zoom. */
  acceptedStatus: 200,
} satisfies Provider;
