import { type StandInRequest, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';
import { StripeRefusal } from './stripe-refusal.ts';
import { stripeWorld } from './stripe-world.ts';

const KEY = 'sk_test_7Qk2Vt9sLm4Xw8Rb';

export interface StripeStandIn extends StandIn {
  readonly world: ReturnType<typeof stripeWorld>;
  readonly requests: readonly StandInRequest[];
  /** As if 24 hours had passed. */
  forgetKeys(): void;
  /** As if a request with this key were being worked on. */
  keepBusy(key: string): void;
  /** Answers the next request with this; or the next POST, once it is done, and every other one with its key. */
  answerNext(response: StandInResponse, after?: 'doing it' | 'nothing'): void;
}

interface Known {
  readonly sent: string;
  readonly response: StandInResponse | undefined;
}

/** Stripe's API over HTTP: forms in, JSON out, its errors, and its idempotency keys, as its documentation has them. */
export async function startStripe(): Promise<StripeStandIn> {
  const world = stripeWorld();
  const requests: StandInRequest[] = [];
  const keys = new Map<string, Known>();
  let next: { readonly response: StandInResponse; readonly done: boolean } | undefined;

  function handle(request: StandInRequest): StandInResponse {
    requests.push(request);
    const planned = next?.done && request.method !== 'POST' ? undefined : next;
    if (planned) next = undefined;
    if (planned && !planned.done) return planned.response;
    const response = answered(request);
    if (!planned) return response;
    // Stripe keeps a 500 with its key, and repeats it.
    const key = String(request.headers['idempotency-key']);
    const known = keys.get(key);
    if (known) keys.set(key, { ...known, response: planned.response });
    return planned.response;
  }

  function answered(request: StandInRequest): StandInResponse {
    try {
      if (request.headers.authorization !== `Bearer ${KEY}`) throw new StripeRefusal(401, 'api_key', 'Invalid API Key');
      const key = request.method === 'POST' ? request.headers['idempotency-key'] : undefined;
      return typeof key === 'string' ? onceByKey(key, request) : world.answer(request);
    } catch (error) {
      if (error instanceof StripeRefusal) return error.response;
      throw error;
    }
  }

  /** https://docs.stripe.com/api/idempotent_requests */
  function onceByKey(key: string, request: StandInRequest): StandInResponse {
    const sent = `${request.path} ${request.body}`;
    const known = keys.get(key);
    if (known && !known.response) {
      throw new StripeRefusal(
        409,
        'idempotency_key_in_use',
        'There is currently another in-progress request',
        IDEMPOTENCY,
      );
    }
    if (known && known.sent !== sent) {
      const words = 'Keys for idempotent requests can only be used with the same parameters they were first used with.';
      throw new StripeRefusal(400, 'idempotency_error', words, IDEMPOTENCY);
    }
    if (known?.response) {
      return { ...known.response, headers: { ...known.response.headers, 'idempotent-replayed': 'true' } };
    }
    const response = executed(request);
    keys.set(key, { sent, response });
    return response;
  }

  /** What an endpoint has said is kept with the key, refusals too; what it did not take up is not. */
  function executed(request: StandInRequest): StandInResponse {
    try {
      return world.answer(request);
    } catch (error) {
      const taken = error instanceof StripeRefusal && error.response.status === 400;
      if (taken && !JSON.stringify(error.response.body).includes('parameter_unknown')) return error.response;
      throw error;
    }
  }

  const { url, fault, heard, close } = await startHttpStandIn({
    handle,
    rateLimited: (seconds) => rateLimited({ 'retry-after': String(seconds) }),
    error: () => new StripeRefusal(500, 'api_error', 'An unknown error occurred', { type: 'api_error' }).response,
    refuse: (words) => new StripeRefusal(400, 'parameter_invalid', words).response,
  });
  return {
    config: { baseUrl: url },
    credentials: { api_key: KEY },
    world,
    requests,
    applied: (tool, args) => world.effects.filter((one) => one === effectOf(tool, args)).length,
    forgetKeys: () => keys.clear(),
    keepBusy: (key) => void keys.set(key, { sent: '', response: undefined }),
    answerNext(response, after = 'nothing') {
      next = { response, done: after === 'doing it' };
    },
    fault,
    heard,
    close,
  };
}

const IDEMPOTENCY = { type: 'idempotency_error' };

export const rateLimited = (headers: Record<string, string> = {}): StandInResponse =>
  new StripeRefusal(429, 'rate_limit', 'Request rate limit exceeded', { headers }).response;

/** What a tool's arguments do to the world, once. */
function effectOf(tool: string, args: Readonly<Record<string, unknown>>): string {
  switch (tool) {
    case 'refunds.create':
      return `refund ${args.charge ?? args.payment_intent} ${args.amount}`;
    case 'payment_intents.capture':
      return `capture ${args.payment_intent} ${args.amount}`;
    case 'payment_intents.cancel':
      return `cancel ${args.payment_intent}`;
    case 'subscriptions.cancel':
      return `end ${args.subscription} ${args.at_period_end === true ? 'later' : 'now'}`;
    case 'invoices.void':
      return `void ${args.invoice}`;
    case 'customers.update':
      return `metadata ${args.customer}`;
    default:
      return 'nothing';
  }
}
