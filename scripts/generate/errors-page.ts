import { ERROR_CODES, type ErrorCode } from '@holdpoint/shared/domain/errors';
import { code, generatedFrom, page, table } from './markdown.ts';

/** What each code means to the one who gets it, and what to do. */
const MEANINGS = {
  PERMISSION_BLOCKED: 'No policy permits the action, or one forbids it. The reasons say which.',
  APPROVAL_REQUIRED: 'A person has to agree first; `details.approval_id` is what they are asked.',
  APPROVAL_DENIED: 'A person said no. That is final for this proposal.',
  APPROVAL_EXPIRED: 'Nobody decided in time. Propose it again if it is still wanted.',
  APPROVAL_ALREADY_DECIDED: 'Somebody else was first; the approval shows how it was decided.',
  NOT_A_PERSON: 'Only a person may do this; an API key is none.',
  NOT_IN_AUDIENCE: 'The person is not one of those who are asked.',
  SELF_APPROVAL: 'Who asked may not be who agrees.',
  WEBHOOK_SIGNATURE_INVALID: 'The signature does not fit the bytes, or is too old.',
  UNKNOWN_SOURCE: 'There is no such webhook endpoint.',
  EVENT_REJECTED: "A hook of the tenant's refuses the event; the reason is its author's.",
  PAYLOAD_TOO_LARGE: 'The body is over its limit.',
  RATE_LIMIT: 'Too many for now; `details.retry_after_seconds` says when to come back.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key belongs to an action with other content.',
  PLAN_CONFLICT: 'A plan of this id was proposed with another body.',
  CONFLICT: 'It is not in a state in which this can be done.',
  INVALID_REQUEST: 'Something is missing or malformed; `details.issues` has a path and a reason for each.',
  UNAUTHENTICATED: 'No key or token, or one that is not valid.',
  FORBIDDEN: 'The key or person may not do this, or it belongs to another tenant.',
  NOT_FOUND: 'There is no such thing, or it belongs to another tenant.',
  DEPENDENCY_UNAVAILABLE: 'A backing server is away. Nothing happened; try again.',
  INTERNAL: 'Something unforeseen; its details are in the log only.',
} as const satisfies Record<ErrorCode, string>;

export function errorsPage(): string {
  return page(
    '# Errors',
    generatedFrom('packages/shared/src/domain/errors.ts'),
    'One taxonomy for every service, the SDK and the CLI. Over HTTP an error is `application/problem+json` (RFC 9457) with `code`, `retryable` and `details` beside the standard members.',
    table(
      ['code', 'status', 'worth retrying', 'means'],
      Object.entries(ERROR_CODES).map(([name, { status, retryable }]) => [
        code(name),
        String(status),
        retryable ? 'yes' : 'no',
        MEANINGS[name as ErrorCode],
      ]),
    ),
  );
}
