import type { Socket } from 'node:net';
import { type ErrorCode, HoldpointError, toProblem } from '../domain/errors.ts';
import { PROBLEM_TYPE } from './http-errors.ts';

/** What a server bears of its peers before there is a request to speak of. */
export interface HttpLimits {
  /** Of one request's line and headers together. */
  readonly headersMaxBytes: number;
  /** From a request's first byte, or the connection's opening, to the end of its headers. */
  readonly headersMaxMs: number;
  /** To the end of its body. */
  readonly requestMaxMs: number;
  /** How often connections are looked at for the two above: a slow one lives that much longer at most. */
  readonly checkEveryMs: number;
  /** One more is closed unheard. */
  readonly connectionsMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersMaxBytes: 16 * 1024,
  headersMaxMs: 10_000,
  requestMaxMs: 30_000,
  checkEveryMs: 2_000,
  connectionsMax: 10_000,
};

/** Answers what is no request, or not all of one, and closes: here there is nothing that could reply. */
export function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  // What was answered already, while its body was still on the way, gets no second answer.
  if (!socket.writable || answering(socket)) return void socket.destroy();
  const { line, code, message } = REFUSALS[error.code ?? ''] ?? MALFORMED;
  const status = Number(line.slice(0, 3));
  const body = JSON.stringify({ ...toProblem(new HoldpointError(code, message)), status });
  socket.write(
    `HTTP/1.1 ${line}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // Not `end` alone: a peer that keeps its own side open would keep the connection.
  socket.destroySoon();
}

interface ClientRefusal {
  readonly line: string;
  readonly code: ErrorCode;
  readonly message: string;
}

const MALFORMED: ClientRefusal = {
  line: '400 Bad Request',
  code: 'INVALID_REQUEST',
  message: 'not a valid HTTP request',
};

const REFUSALS: Readonly<Record<string, ClientRefusal>> = {
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    code: 'INVALID_REQUEST',
    message: 'the headers are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    line: '408 Request Timeout',
    code: 'INVALID_REQUEST',
    message: 'the request did not arrive in time',
  },
};

const answering = (socket: Socket & { _httpMessage?: { readonly headersSent: boolean } | null }): boolean =>
  socket._httpMessage?.headersSent ?? false;
