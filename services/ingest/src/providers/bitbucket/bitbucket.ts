import { asObject, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, refused, textSecretFault, verifyBodyHmac } from '../signature.ts';

/** Bitbucket Cloud's; Data Center has `x-request-id`. */
const ID = 'x-request-uuid';
const DATA_CENTER_ID = 'x-request-id';
const TYPE = 'x-event-key';

/** What the body of an event of that kind holds, and of the others does not. */
const SHAPES: readonly (readonly [kind: string, member: string])[] = [
  ['repo:push', 'push'],
  ['pullrequest:', 'pullrequest'],
  ['issue:', 'issue'],
];

/**
 * Bitbucket: `X-Hub-Signature: sha256=<hex>` over the body. Neither the delivery's id nor its type is signed, but a body
 * under the name of another kind of event is refused.
 */
export const bitbucket = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const verdict = verifyBodyHmac(delivery, {
      header: 'x-hub-signature',
      prefix: 'sha256=',
      encoding: 'hex',
      optional: [ID, DATA_CENTER_ID, TYPE],
    });
    return verdict.ok && !typeFits(delivery) ? refused('type_mismatch') : verdict;
  },
  describe({ headers, rawBody }: Delivery): Description {
    return {
      deliveryId: oneHeader(headers, ID) ?? oneHeader(headers, DATA_CENTER_ID),
      idSigned: false,
      type: oneHeader(headers, TYPE),
      typeSigned: false,
      time: undefined,
      subject: text(asObject(jsonObject(rawBody).repository)?.full_name),
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;

function typeFits({ headers, rawBody }: SignedDelivery): boolean {
  const type = oneHeader(headers, TYPE) ?? '';
  const shape = SHAPES.find(([kind]) => type.startsWith(kind));
  if (!shape) return true;
  const body = jsonObject(rawBody);
  // A body that is not understood contradicts nothing.
  return Object.keys(body).length === 0 || shape[1] in body;
}
