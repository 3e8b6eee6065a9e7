import type { KeyObject } from 'node:crypto';
import type { Signed } from '@holdpoint/shared/domain/event';
import { jsonObject } from '../body.ts';
import type { Delivery, Description, Provider, Refused, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, preflight, refused } from '../signature.ts';
import type { GenericOptions } from './generic-options.ts';
import { textAt, timeAt } from './places.ts';
import { parseSignatureHeader } from './signature-header.ts';
import { anySignatureMatches } from './signature-match.ts';
import { fillSignedText, type SignedText } from './signed-text.ts';
import { timeRefusal, timestampSeconds, timestampText } from './timestamp.ts';
import { ALGORITHMS, verificationKey } from './verification-key.ts';

/** The scheme that parsed options describe. Nothing of them is parsed again for a delivery. */
export function genericScheme(options: GenericOptions, text: SignedText): Provider {
  const keyOf = keyRing(options);
  const idSigned = options.id?.body !== undefined || text.covers.has('id');
  return {
    secretFault(secret: string): string | undefined {
      const key = keyOf(secret);
      return typeof key === 'string' ? key : undefined;
    },
    verify: verifier(options, text, keyOf),
    describe({ headers, rawBody }: Delivery): Description {
      const body = jsonObject(rawBody);
      return {
        deliveryId: textAt(options.id, headers, body),
        idSigned,
        type: textAt(options.type, headers, body),
        typeSigned: options.type?.body !== undefined,
        time: timeAt(options.time, headers, body),
        subject: textAt(options.subject, headers, body),
        keyFrom: idSigned ? 'id' : 'type+body',
      };
    },
    signsUrl: text.covers.has('url'),
  };
}

type KeyOf = (secret: string) => KeyObject | string;

function verifier(options: GenericOptions, text: SignedText, keyOf: KeyOf): Provider['verify'] {
  const { timestamp } = options;
  const expected = expectedHeaders(options, text);
  const signed = signedBy(options, text);
  const isDear = ALGORITHMS[options.algorithm].key !== 'secret';
  const malformed = (header: string): Refused => ({ ...refused('header_malformed'), header });
  const secretFault = (secret: string) => (typeof keyOf(secret) === 'string' ? 'is no key' : undefined);

  return (delivery: SignedDelivery): Verdict => {
    const refusal = preflight(delivery, secretFault, expected);
    if (refusal) return refusal;
    const given = parseSignatureHeader(oneHeader(delivery.headers, options.header) ?? '', options);
    if (!given) return malformed(options.header);
    const stamp = timestamp && timestampText(timestamp, delivery, given.timestamp);
    if (text.covers.has('timestamp') && timestamp && timestampSeconds(stamp, timestamp) === undefined) {
      return malformed(timestamp.header ?? options.header);
    }
    const id = options.id?.header && oneHeader(delivery.headers, options.id.header);
    const parts = fillSignedText(text, delivery, { timestamp: stamp ?? '', id: id ?? '' });
    if (!parts) return refused('header_malformed');

    const late = () => timestamp && timeRefusal(timestamp, delivery, stamp);
    // What a public key verifies is dear: a time in a header is looked at first.
    const early = isDear && !timestamp?.body ? late() : undefined;
    if (early) return early;
    const good = delivery.secrets.some((secret) => {
      const key = keyOf(secret);
      return typeof key !== 'string' && anySignatureMatches(options, key, parts, given.signatures);
    });
    if (!good) return refused('signature_mismatch');
    return late() ?? { ok: true, signed };
  };
}

/** A source has a handful of secrets; a key is made of each once. */
const KEYS_MAX = 100;

function keyRing(options: GenericOptions): KeyOf {
  const keys = new Map<string, KeyObject | string>();
  return (secret) => {
    const known = keys.get(secret);
    if (known !== undefined) return known;
    const key = verificationKey(secret, options);
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(secret, key);
    return key;
  };
}

function expectedHeaders({ header, timestamp, id, type, time, subject }: GenericOptions, { covers }: SignedText) {
  const named = (list: readonly (string | undefined)[]) => list.filter((name) => name !== undefined);
  const signedId = covers.has('id') ? id?.header : undefined;
  return {
    required: named([header, timestamp?.header, signedId]),
    optional: named([id, type, time, subject].map((place) => place?.header)),
  };
}

function signedBy({ timestamp }: GenericOptions, { covers }: SignedText): Signed {
  if (timestamp) return covers.has('id') ? 'id-time-body' : 'time-body';
  return covers.has('url') ? 'url-body' : 'body';
}
