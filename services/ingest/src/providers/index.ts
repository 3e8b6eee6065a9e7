import { fabric } from './fabric/fabric.ts';
import { github } from './github/github.ts';
import type { Provider } from './provider.ts';
import { shopify } from './shopify/shopify.ts';
import { standardWebhooks } from './standard-webhooks/standard-webhooks.ts';
import { stripe } from './stripe/stripe.ts';
import { svix } from './svix/svix.ts';

/** Every scheme, by the id that a source names. */
export const PROVIDERS = {
  fabric,
  github,
  shopify,
  'standard-webhooks': standardWebhooks,
  stripe,
  svix,
} as const satisfies Record<string, Provider>;

export type ProviderId = keyof typeof PROVIDERS;

export function isProviderId(id: string): id is ProviderId {
  return Object.hasOwn(PROVIDERS, id);
}
