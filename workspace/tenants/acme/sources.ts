import { defineSources } from '@holdpoint/sdk/define';

/**
 * These secrets are for development on a loopback address and protect nothing: they stand in the repository. In your own
 * workspace write secret('STRIPE_WEBHOOK_SECRET') and set it in the environment of ingest.
 */
export default defineSources([
  { id: 'shopify', provider: 'shopify', secrets: ['development-only-shopify-client-secret'] },
  { id: 'stripe', provider: 'stripe', secrets: ['whsec_development_only_stripe_secret'] },
  { id: 'github', provider: 'github', secrets: ["It's a Secret to Everybody"] },
  // Base64 of `development only, not a secret!!`: Standard Webhooks keys are 24 to 64 bytes.
  { id: 'events', provider: 'standard-webhooks', secrets: ['whsec_ZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0ISE='] },
  {
    id: 'records',
    provider: 'fabric',
    secrets: ['development-only-fabric-webhook-secret'],
    agent: 'data-validator',
    subscription: 'on-record-created',
  },
]);
