import { RateLimited, Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import Stripe from 'stripe';
import { answeredAtMs, retryAfterSeconds } from '../remote/retry-after.ts';
import { vendorWords } from '../remote/vendor-words.ts';

export interface FailedCall {
  /** Whether the call could change anything. */
  readonly effect: boolean;
  /** What must not be repeated from Stripe's words. */
  readonly secret: string;
}

/** Of a 429 that does not say how long it holds. */
const RATE_LIMITED_SECONDS = 1;

/**
 * What a failure of the SDK says of the call (https://docs.stripe.com/error-low-level):
 *
 * - no connection, or one that broke → what `ctx.fetch` proved of it counts, for the error carries its cause;
 * - 429 → `RateLimited`: Stripe's limits stand before its endpoints, so that nothing was done;
 * - 409, another request with the same key is at work → `Retryable`, unless `Stripe-Should-Retry: false`;
 * - other 4xx → `Terminal`: Stripe has refused it, and says so again to the same key;
 * - 5xx, or an answer that cannot be read → `Unknown`. Stripe keeps a 500 with its key and repeats it for 24 hours, so that
 *   `Stripe-Should-Retry` cannot tell whether anything was done, and is heeded for questions alone.
 */
export function stripeFailure(error: unknown, { effect, secret }: FailedCall): Error {
  if (error instanceof Stripe.errors.StripeConnectionError)
    return lostCall('Stripe had no answer', effect, error.detail);
  if (!(error instanceof Stripe.errors.StripeError) || error.statusCode === undefined) {
    // In words of our own: what is left may quote the answer.
    return lostCall('Stripe answered unreadably', effect);
  }
  const { statusCode, code } = error;
  const words = `Stripe answered ${statusCode}${code ? ` ${code}` : ''}: ${vendorWords(error.message, [secret])}`;
  const shouldRetry = headersOf(error).get('stripe-should-retry');
  if (error instanceof Stripe.errors.StripeRateLimitError) {
    if (shouldRetry === 'false') return new Terminal(words);
    const headers = headersOf(error);
    return new RateLimited(retryAfterSeconds(headers, answeredAtMs(headers)) ?? RATE_LIMITED_SECONDS, words);
  }
  if (statusCode >= 500) return !effect && shouldRetry === 'false' ? new Terminal(words) : lostCall(words, effect);
  if (statusCode === 409 && shouldRetry !== 'false') return new Retryable(words);
  if (error instanceof Stripe.errors.StripeIdempotencyError) return new Terminal(`${words}. ${KEY_IN_USE}`);
  return new Terminal(words);
}

/** Each action names itself in what it writes, so that two actions never send the same. */
const KEY_IN_USE = 'An earlier action has used its idempotency key: propose it with another';

/** Nobody knows whether it happened; of a question nobody needs to. */
export function lostCall(words: string, effect: boolean, cause?: unknown): Error {
  return effect ? new Unknown(words, { cause }) : new Retryable(words, { cause });
}

const headersOf = ({ headers }: Stripe.errors.StripeError): Headers => new Headers(headers);
