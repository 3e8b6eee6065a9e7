/** Whether a backing server is away rather than the request wrong: the caller is told to come back, not that it erred. */
export function isDependencyLoss(error: unknown): boolean {
  return isConnectionLoss(error) || isNatsLoss(error) || isRedisLoss(error);
}

/** Postgres: the connection broke or could not be made, or the server cannot serve for now. */
export function isConnectionLoss(error: unknown): boolean {
  return some(error, (one) => {
    const code = typeof one.code === 'string' ? one.code : '';
    return PG_LOSS.test(code) || SOCKET_LOSS.has(code) || PG_MESSAGES.test(one.message);
  });
}

export function isNatsLoss(error: unknown): boolean {
  return some(
    error,
    (one) => NATS_NAMES.has(one.name) || (JETSTREAM_NAMES.test(one.name) && (one.status === 503 || one.code === 503)),
  );
}

export function isRedisLoss(error: unknown): boolean {
  return some(error, (one) => one.name === 'MaxRetriesPerRequestError' || REDIS_MESSAGES.test(one.message));
}

/**
 * Classes of a lost connection (08), of want of room (53), of the machine (58), of an operator's hand (57P); and, each alone: a
 * server that only reads for now (25006), a statement or a transaction cut short (57014, 25P03), a lock not had in time (55P03).
 */
const PG_LOSS = /^(08...|53...|58...|57P..|25006|57014|25P03|55P03)$/;
const PG_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Query read timeout)/;
const SOCKET_LOSS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const NATS_NAMES = new Set([
  'TimeoutError',
  'NoResponders',
  'ClosedConnectionError',
  'DrainingConnectionError',
  'ConnectionError',
  'JetStreamNotEnabled',
]);
/** JetStream itself says that it is not there yet: no leader, starting up, no responders. */
const JETSTREAM_NAMES = /^JetStream/;
const REDIS_MESSAGES = /^(Connection is closed\.|Command timed out|Stream isn't writeable|LOADING )/;

const CAUSES_MAX = 5;

interface Shape {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly status?: unknown;
}

/** Looks at the error and at what caused it. */
function some(error: unknown, test: (one: Shape) => boolean): boolean {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    if (test(current)) return true;
    current = current.cause;
  }
  return false;
}
