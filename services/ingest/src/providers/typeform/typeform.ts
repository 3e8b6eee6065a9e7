import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { refused, textSecretFault } from '../signature.ts';

/** Not written yet: believes nothing. */
export const typeform = {
  secretFault: textSecretFault,
  verify(_: SignedDelivery): Verdict {
    return refused('signature_mismatch');
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
} satisfies Provider;
