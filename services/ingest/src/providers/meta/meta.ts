import { z } from 'zod';
import { asObject, isoTime, jsonObject, text } from '../body.ts';
import { jsonItems } from '../json-spans.ts';
import type {
  BadItem,
  BatchItem,
  Challenge,
  ConfigurableProvider,
  Delivery,
  Description,
  Provider,
  Reply,
  SignedDelivery,
  Verdict,
} from '../provider.ts';
import { sameText, textSecretFault, verifyBodyHmac } from '../signature.ts';

const optionsSchema = z.strictObject({
  /**
   * What the app's dashboard was given for it: Meta says it when it asks whether it may deliver here. Without it nobody is
   * told that they may; who was told before goes on delivering.
   */
  verifyToken: z.string().min(1).max(256).optional(),
});

/** What Meta has us echo is a number; nothing else is sent back to whoever asks. */
const CHALLENGE = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Meta (Facebook pages, Instagram, WhatsApp, Messenger): `X-Hub-Signature-256: sha256=<hex>` over the body with the app's
 * secret. One object type a delivery, up to a thousand entries; an entry's id is whom it is about, none of its own.
 */
export const meta = {
  configure(options: unknown) {
    const parsed = optionsSchema.safeParse(options ?? {});
    if (parsed.success) return metaWith(parsed.data);
    return parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), reason: message }));
  },
} satisfies ConfigurableProvider;

function metaWith({ verifyToken }: z.infer<typeof optionsSchema>): Provider {
  return {
    secretFault: textSecretFault,
    verify(delivery: SignedDelivery): Verdict {
      const scheme = { header: 'x-hub-signature-256', prefix: 'sha256=', encoding: 'hex', optional: [] } as const;
      return verifyBodyHmac(delivery, scheme);
    },
    challenge({ query }: Challenge): Reply | undefined {
      const [mode, token, challenge] = ['hub.mode', 'hub.verify_token', 'hub.challenge'].map((name) => {
        const values = query.getAll(name);
        return values.length === 1 ? values[0] : undefined;
      });
      if (mode !== 'subscribe' || token === undefined || verifyToken === undefined) return undefined;
      if (!sameText(token, verifyToken)) return undefined;
      if (challenge === undefined || !CHALLENGE.test(challenge)) return undefined;
      return { status: 200, contentType: 'text/plain', body: challenge };
    },
    items({ rawBody }: Delivery): readonly (BatchItem | BadItem)[] | undefined {
      const items = jsonItems(rawBody, 'entry');
      const type = items && text(jsonObject(rawBody).object);
      return items?.map(({ value, bytes }) => {
        const entry = asObject(value);
        return entry ? { body: bytes, description: describe(type, entry) } : { body: bytes, fault: 'is no object' };
      });
    },
    /** Of what is no batch: nothing that Meta is known to send. */
    describe: ({ rawBody }: Delivery): Description => describe(text(jsonObject(rawBody).object), {}),
  };
}

function describe(type: string | undefined, entry: Readonly<Record<string, unknown>>): Description {
  return {
    deliveryId: undefined,
    idSigned: false,
    type,
    typeSigned: true,
    time: isoTime(entry.time),
    subject: text(entry.id),
    keyFrom: 'type+body',
  };
}
