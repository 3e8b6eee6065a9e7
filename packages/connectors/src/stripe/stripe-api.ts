import type { ConnectorContext } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import Stripe from 'stripe';
import { z } from 'zod';
import { headerKey } from '../remote/header-key.ts';
import { lostCall, stripeFailure } from './stripe-failure.ts';

export const stripeConfigSchema = z.strictObject({
  /** In place of Stripe's own address. Its path is not used. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** A connected account, on whose behalf all is done. https://docs.stripe.com/connect/authentication */
  account: z
    .string()
    .regex(/^acct_[A-Za-z0-9]{1,64}$/)
    .optional(),
});

/** The version that the types of the SDK are of. Another SDK does not compile until somebody has read what changed. */
const API_VERSION = '2026-10-28.endive';

/** What Stripe says of an answer, beside the object itself. */
type Answered<T> = T & {
  readonly lastResponse: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };
};

export interface StripeApi {
  /** Asks: what fails of it has changed nothing. */
  ask<T extends { readonly object: string }>(
    what: T['object'],
    question: (stripe: Stripe) => Promise<Answered<T>>,
  ): Promise<Answered<T>>;
  /** Does: the second argument is the key's, for every POST. */
  change<T extends { readonly object: string }>(
    what: T['object'],
    call: (stripe: Stripe, keyed: { readonly idempotencyKey?: string }) => Promise<Answered<T>>,
  ): Promise<Answered<T>>;
}

/** The official SDK over the call's own `fetch`, which follows no redirect, tries nothing again and sends no telemetry. */
export function stripeApi(ctx: ConnectorContext): StripeApi {
  const key = ctx.secret('api_key');
  const stripe = new Stripe(key, clientConfig(ctx));
  const keyed = ctx.idempotencyKey === null ? {} : { idempotencyKey: headerKey(ctx.idempotencyKey) };

  async function answered<T extends { readonly object: string }>(
    what: string,
    effect: boolean,
    call: () => Promise<Answered<T>>,
  ): Promise<Answered<T>> {
    const answer = await call().catch((error: unknown) => {
      throw stripeFailure(error, { effect, secret: key });
    });
    // The SDK takes any JSON without an error in it for what was asked for.
    const { statusCode } = answer.lastResponse;
    if (statusCode >= 200 && statusCode < 300 && answer.object === what) return answer;
    throw lostCall(`Stripe answered ${statusCode}, and it is no ${what}`, effect);
  }

  return {
    ask: (what, question) => answered(what, false, () => question(stripe)),
    change: (what, call) => answered(what, true, () => call(stripe, keyed)),
  };
}

/** When Stripe gave this answer, by its own clock, in seconds since 1970. */
export function answeredAtSeconds({ lastResponse }: Answered<object>): number {
  const at = Date.parse(lastResponse.headers.date ?? '');
  return Math.floor((Number.isNaN(at) ? Date.now() : at) / 1000);
}

function clientConfig(ctx: ConnectorContext): ConstructorParameters<typeof Stripe>[1] {
  const parsed = stripeConfigSchema.safeParse(ctx.config);
  if (!parsed.success) throw new Terminal(`the tenant's connectors.ts: ${z.prettifyError(parsed.error)}`);
  const { baseUrl, account } = parsed.data;
  const fetch: typeof globalThis.fetch = (input, init) => ctx.fetch(input, { ...init, redirect: 'manual' });
  return {
    apiVersion: API_VERSION,
    httpClient: Stripe.createFetchHttpClient(fetch),
    maxNetworkRetries: 0,
    telemetry: false,
    ...(baseUrl !== undefined && addressOf(new URL(baseUrl))),
    ...(account !== undefined && { stripeAccount: account }),
  };
}

function addressOf({ protocol, hostname, port }: URL) {
  const secure = protocol === 'https:';
  return { protocol: secure ? 'https' : 'http', host: hostname, port: port || (secure ? 443 : 80) } as const;
}
