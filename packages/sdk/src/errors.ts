/**
 * What a connector throws to say how a call failed. The executor goes by `name`, so that a workspace that imports nothing
 * may throw `{ name: 'Retryable', message }` itself. Anything else that is thrown after sending counts as unknown: it may
 * have happened.
 */

/** Provably not sent, or refused in a way that promises nothing happened: the call may be made again. */
export class Retryable extends Error {
  override readonly name = 'Retryable';
}

/** Refused for good: it did not happen, and trying again would not change that. */
export class Terminal extends Error {
  override readonly name = 'Terminal';
}

/** Refused for now: it did not happen, and may be tried when the time has passed. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number, message = `rate limited for ${retryAfterSeconds} s`) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** May have happened: no answer, or one that does not tell. The tool's declaration says what follows. */
export class Unknown extends Error {
  override readonly name = 'Unknown';
}
