import { createHmac } from 'node:crypto';
import { sign as signGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

export interface Delivery {
  /** The provider's id of the delivery. */
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

export type Provider = keyof typeof SIGNERS;

/** The headers that a provider sends with a delivery: its own SDK signs where it can, else its documented scheme. */
export async function signedHeaders(
  provider: Provider,
  delivery: Delivery,
  secret: string,
): Promise<Record<string, string>> {
  return { 'content-type': 'application/json', ...(await SIGNERS[provider](delivery, secret)) };
}

const SIGNERS = {
  stripe: ({ body }, secret) => ({
    'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
  }),
  github: async ({ id, type, body }, secret) => ({
    'x-github-event': type,
    'x-github-delivery': id,
    'x-hub-signature-256': await signGithub(secret, body),
  }),
  'standard-webhooks': ({ id, body }, secret) => {
    const now = new Date();
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    };
  },
  shopify: ({ id, type, body }, secret) => ({
    'x-shopify-topic': type,
    'x-shopify-webhook-id': id,
    'x-shopify-shop-domain': 'jsmith.myshopify.com',
    'x-shopify-api-version': '2026-10',
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  }),
  fabric: ({ id, type, body }, secret) => ({
    'x-fabric-event': type,
    'idempotency-key': id,
    'x-fabric-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }),
} as const satisfies Record<
  string,
  (delivery: Delivery, secret: string) => Record<string, string> | Promise<Record<string, string>>
>;

export function isProvider(name: string): name is Provider {
  return Object.hasOwn(SIGNERS, name);
}
