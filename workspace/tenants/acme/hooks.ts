import { keepGithub } from '@holdpoint/connectors/github/keep';
import { keepShopify } from '@holdpoint/connectors/shopify/keep';
import { keepStripe } from '@holdpoint/connectors/stripe/keep';
import { defineHooks } from '@holdpoint/sdk/define';

/** What webhooks tell of orders, charges and issues is kept: policies see it, and `holdpoint entities` shows it. */
export default defineHooks({
  webhooks: [keepShopify({ source: 'shopify' }), keepStripe({ source: 'stripe' }), keepGithub({ source: 'github' })],
});
