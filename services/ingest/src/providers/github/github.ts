import { jsonObject } from '../body.ts';
import { formObject } from '../form.ts';
import type { Delivery, Description, Provider, SignedDelivery, Verdict } from '../provider.ts';
import { oneHeader, refused, textSecretFault, verifyBodyHmac } from '../signature.ts';

const ID = 'x-github-delivery';
const TYPE = 'x-github-event';

/** What the body of an event always has at its top; no signature covers the type, but a body of another type lacks it. */
const REQUIRED_MEMBER: Readonly<Record<string, string>> = {
  check_run: 'check_run',
  check_suite: 'check_suite',
  create: 'ref_type',
  delete: 'ref_type',
  deployment: 'deployment',
  deployment_status: 'deployment_status',
  fork: 'forkee',
  issue_comment: 'comment',
  issues: 'issue',
  ping: 'zen',
  pull_request: 'pull_request',
  pull_request_review: 'review',
  pull_request_review_comment: 'comment',
  push: 'ref',
  release: 'release',
  workflow_job: 'workflow_job',
  workflow_run: 'workflow_run',
};

/** GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. Neither the delivery's id nor its type is signed, and no time is. */
export const github = {
  secretFault: textSecretFault,
  verify(delivery: SignedDelivery): Verdict {
    const verdict = verifyBodyHmac(delivery, {
      header: 'x-hub-signature-256',
      prefix: 'sha256=',
      encoding: 'hex',
      optional: [ID, TYPE],
    });
    return verdict.ok && contradictsType(delivery) ? refused('type_mismatch') : verdict;
  },
  describe({ headers }: Delivery): Description {
    return {
      deliveryId: oneHeader(headers, ID),
      idSigned: false,
      type: oneHeader(headers, TYPE),
      typeSigned: false,
      time: undefined,
      subject: undefined,
      keyFrom: 'type+body',
    };
  },
} satisfies Provider;

/** A body that is not read (too large, no JSON) contradicts nothing. */
function contradictsType({ headers, rawBody }: Delivery): boolean {
  const type = oneHeader(headers, TYPE) ?? '';
  const member = Object.hasOwn(REQUIRED_MEMBER, type) ? REQUIRED_MEMBER[type] : undefined;
  if (member === undefined) return false;
  const body = payloadOf(rawBody);
  return Object.keys(body).length > 0 && !Object.hasOwn(body, member);
}

/** A hook of content type `application/x-www-form-urlencoded` holds the JSON in its only field. */
function payloadOf(rawBody: Buffer): Readonly<Record<string, unknown>> {
  return rawBody.indexOf('payload=') === 0
    ? jsonObject(Buffer.from(formObject(rawBody).payload ?? ''))
    : jsonObject(rawBody);
}
