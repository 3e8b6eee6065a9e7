import { isoTime, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, textSecretFault, verifyBodyHmac } from '../signature.ts';

const ID = 'idempotency-key';
const TYPE = 'x-fabric-event';

/**
 * The house scheme: `X-Fabric-Signature: sha256=<hex>` over the body. The type is the `X-Fabric-Event` header, else the
 * body's `type`; it counts as signed only where the body says it too. The `Idempotency-Key` is not signed, so it is the
 * dedupe key only where the source asks for that (`dedupe`).
 */
export const fabric = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    return verifyBodyHmac(delivery, {
      header: 'x-fabric-signature',
      prefix: 'sha256=',
      encoding: 'hex',
      optional: [ID, TYPE],
    });
  },
  describe({ headers, rawBody }: Delivery): Description {
    const body = jsonObject(rawBody);
    const said = oneHeader(headers, TYPE) || undefined;
    const inBody = text(body.type);
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: said ?? inBody,
      typeSigned: inBody !== undefined && (said === undefined || said === inBody),
      time: isoTime(body.time),
      subject: text(body.subject),
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;
