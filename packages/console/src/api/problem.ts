import type { ErrorCode, Problem } from '@holdpoint/shared/domain/errors';

/** What a service refused, in its own words. `OFFLINE`: nothing answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ErrorCode | 'OFFLINE';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(problem: Pick<Problem, 'status' | 'detail' | 'details'> & { readonly code: ErrorCode | 'OFFLINE' }) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.details = problem.details;
  }
}

export function isRefusal(error: unknown, ...codes: readonly ApiError['code'][]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

export async function problemOf(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  return new ApiError({
    status: response.status,
    code: problem?.code ?? 'INTERNAL',
    detail: problem?.detail ?? `the server answered ${response.status}`,
    details: problem?.details ?? {},
  });
}
