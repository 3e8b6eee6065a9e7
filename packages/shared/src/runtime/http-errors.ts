import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldpointError, requestIssues, toProblem } from '../domain/errors.ts';
import { isDependencyLoss } from './dependency-loss.ts';

export const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER_SECONDS = 1;

/** The one table from what was thrown to what the caller is told. */
export function toHoldpointError(error: unknown): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new HoldpointError('PAYLOAD_TOO_LARGE', 'the body is too large');
  if (error instanceof Error && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HoldpointError('INVALID_REQUEST', error.message, {}, { cause: error });
  }
  if (isDependencyLoss(error)) {
    return new HoldpointError(
      'DEPENDENCY_UNAVAILABLE',
      'a server behind this is away, try again',
      {},
      { cause: error },
    );
  }
  return new HoldpointError('INTERNAL', 'something went wrong', {}, { cause: error });
}

/** Answers with problem+json; what is ours is logged, what is the caller's is not. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = toHoldpointError(error);
  const log = { err: error, code: refusal.code, trace_id: request.trace?.traceId, route: request.routeOptions?.url };
  if (refusal.code === 'INTERNAL') request.log.error(log, 'a request failed');
  else if (refusal.status >= 500) request.log.warn(log, 'a request was refused');
  else request.log.debug(log, 'a request was refused');

  if (refusal.retryable) reply.header('retry-after', String(retryAfterSeconds(refusal)));
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  const problem = toProblem(refusal);
  return reply
    .code(refusal.status)
    .type(PROBLEM_TYPE)
    .serializer((body) => JSON.stringify(body))
    .send(refusal.code === 'INTERNAL' ? { ...problem, detail: 'something went wrong', details: {} } : problem);
}

/** An input that a schema refused, with path and reason per field. */
export function invalidRequest(issues: Parameters<typeof requestIssues>[0], where?: string): HoldpointError {
  const fields = requestIssues(issues);
  const first = fields[0];
  const message = first ? `${first.path || where || 'body'}: ${first.reason}` : 'the request is not valid';
  return new HoldpointError('INVALID_REQUEST', message, { ...(where && { in: where }), issues: fields });
}

function retryAfterSeconds({ details }: HoldpointError): number {
  const asked = details.retry_after_seconds;
  return typeof asked === 'number' && asked >= 0 ? Math.ceil(asked) : RETRY_AFTER_SECONDS;
}
