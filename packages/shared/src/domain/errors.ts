/** Every way a request can be refused, with the HTTP status that says it. The one taxonomy of services, SDK and CLI. */
export const ERROR_CODES = {
  PERMISSION_BLOCKED: { status: 403, retryable: false },
  APPROVAL_REQUIRED: { status: 403, retryable: false },
  APPROVAL_DENIED: { status: 403, retryable: false },
  APPROVAL_EXPIRED: { status: 410, retryable: false },
  APPROVAL_ALREADY_DECIDED: { status: 409, retryable: false },
  NOT_A_PERSON: { status: 403, retryable: false },
  NOT_IN_AUDIENCE: { status: 403, retryable: false },
  SELF_APPROVAL: { status: 403, retryable: false },
  WEBHOOK_SIGNATURE_INVALID: { status: 401, retryable: false },
  UNKNOWN_SOURCE: { status: 404, retryable: false },
  EVENT_REJECTED: { status: 422, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  RATE_LIMIT: { status: 429, retryable: true },
  IDEMPOTENCY_CONFLICT: { status: 409, retryable: false },
  PLAN_CONFLICT: { status: 409, retryable: false },
  CONFLICT: { status: 409, retryable: false },
  INVALID_REQUEST: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  DEPENDENCY_UNAVAILABLE: { status: 503, retryable: true },
  INTERNAL: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What a caller may be told of an error: safe to send, safe to log. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export class HoldpointError extends Error {
  override readonly name = 'HoldpointError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.status = ERROR_CODES[code].status;
    this.retryable = ERROR_CODES[code].retryable;
    this.details = details;
  }
}

/** RFC 9457 problem details, with the three members of ours that a program branches on. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

export function toProblem(error: HoldpointError): Problem {
  return {
    type: `urn:holdpoint:error:${error.code.toLowerCase()}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status: error.status,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    details: error.details,
  };
}

/** One refused field: where it stands in the input, and why it was refused. */
export interface FieldIssue {
  readonly path: string;
  readonly reason: string;
}

/** Turns a schema's issues (zod, or any Standard Schema) into path and reason; an unknown key is named by its own path. */
export function fieldIssues(
  issues: readonly { path?: readonly unknown[] | undefined; message: string; code?: string; keys?: string[] }[],
): FieldIssue[] {
  return issues.flatMap((issue) => {
    const path = (issue.path ?? []).map((part) =>
      String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part),
    );
    if (issue.code === 'unrecognized_keys' && issue.keys) {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), reason: 'unknown key' }));
    }
    return [{ path: path.join('.'), reason: issue.message }];
  });
}

const ISSUES_MAX = 100;
const PATH_MAX_CHARS = 256;

/** The same of a request, which may be wrong in as many places as it has bytes: the first of them are told. */
export function requestIssues(issues: Parameters<typeof fieldIssues>[0]): FieldIssue[] {
  return fieldIssues(issues.slice(0, ISSUES_MAX))
    .slice(0, ISSUES_MAX)
    .map(({ path, reason }) => ({ path: path.slice(0, PATH_MAX_CHARS).toWellFormed(), reason }));
}
