import type { Signed } from '@holdpoint/shared/domain/event';
import { asObject, jsonObject, text } from '../body.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, preflight, refused, sameText, textSecretFault } from '../signature.ts';
import { standardWebhooks } from '../standard-webhooks/standard-webhooks.ts';

const TOKEN = 'x-gitlab-token';
const SIGNATURE = 'webhook-signature';
const ID = 'webhook-id';
const TYPE = 'x-gitlab-event';
const UNSIGNED_IDS = ['idempotency-key', 'x-gitlab-webhook-uuid'] as const;
const READ = [TOKEN, SIGNATURE, ID, TYPE, ...UNSIGNED_IDS];

/** The `object_kind` of a body, for the events that always have it. */
const KINDS: Readonly<Record<string, string>> = {
  'Push Hook': 'push',
  'Tag Push Hook': 'tag_push',
  'Issue Hook': 'issue',
  'Confidential Issue Hook': 'issue',
  'Note Hook': 'note',
  'Confidential Note Hook': 'note',
  'Merge Request Hook': 'merge_request',
  'Wiki Page Hook': 'wiki_page',
  'Pipeline Hook': 'pipeline',
  'Job Hook': 'build',
  'Deployment Hook': 'deployment',
  'Release Hook': 'release',
};

/**
 * GitLab: a signing token (`whsec_…`) signs as Standard Webhooks does; any other secret is the `X-Gitlab-Token`, which comes
 * in plain text and signs nothing. A source may have both kinds while its hooks move from one to the other. The type's header
 * is never signed.
 */
export const gitlab = {
  secretFault: (secret: string): string | undefined =>
    isSigningToken(secret) ? standardWebhooks.secretFault(secret) : textSecretFault(secret),
  verify(delivery: SignedDelivery): Verdict {
    const refusal = preflight(delivery, gitlab.secretFault, { required: [], optional: READ });
    if (refusal) return refusal;
    const verdict = verifySecret(delivery);
    if (!verdict.ok) return verdict;
    const type = oneHeader(delivery.headers, TYPE) ?? '';
    const kind = text(jsonObject(delivery.rawBody).object_kind);
    const contradicts = kind !== undefined && Object.hasOwn(KINDS, type) && KINDS[type] !== kind;
    return contradicts ? refused('type_mismatch') : verdict;
  },
  describe({ headers, rawBody }: Delivery, signed?: Signed): Description {
    const body = jsonObject(rawBody);
    const idSigned = signed === 'id-time-body';
    const type = oneHeader(headers, TYPE);
    return {
      deliveryId: idSigned
        ? oneHeader(headers, ID)
        : UNSIGNED_IDS.map((name) => oneHeader(headers, name)).find(Boolean),
      idSigned,
      type,
      typeSigned: idSigned && type !== undefined && type === typeOfKind(body.object_kind),
      time: undefined,
      subject: text(asObject(body.project)?.path_with_namespace),
      keyFrom: idSigned ? 'id' : 'type+body',
    };
  },
} satisfies Provider;

/** A signature that is there has to be good, where there is a token to check it with; whoever may send none needs the secret token. */
function verifySecret(delivery: SignedDelivery): Verdict {
  const signing = delivery.secrets.filter(isSigningToken);
  const tokens = delivery.secrets.filter((secret) => !isSigningToken(secret));
  if (signing.length > 0 && (tokens.length === 0 || delivery.headers[SIGNATURE]?.[0])) {
    return standardWebhooks.verify({ ...delivery, secrets: signing });
  }
  const given = oneHeader(delivery.headers, TOKEN);
  if (!given) return { ...refused('header_missing'), header: TOKEN };
  // GitLab writes the token as UTF-8, and Node reads a header as Latin-1.
  const good = tokens.some((token) => sameText(given, Buffer.from(token).toString('latin1')));
  return good ? { ok: true, signed: 'none' } : refused('signature_mismatch');
}

const isSigningToken = (secret: string): boolean => secret.startsWith('whsec_');

/** The only type whose body has this kind: what the body then says of its type the signature covers. */
function typeOfKind(kind: unknown): string | undefined {
  const types = Object.keys(KINDS).filter((type) => KINDS[type] === kind);
  return types.length === 1 ? types[0] : undefined;
}
