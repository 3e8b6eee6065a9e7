import { defineConnectors, secret } from '@holdpoint/sdk/define';

/** All of it runs beside the executor, at no public address, and these credentials protect nothing. */
const network = { private: true };

/** The development server in `shop/`, which is the shop, the desk and the house's own API. */
const shop = {
  credentials: { token: 'development-only' },
  config: { baseUrl: secret('SHOP_URL') },
  network,
};

/** Where the vendors' stand-ins in `vendors/` are. Yours need no `baseUrl`, no `network`, and secret('STRIPE_KEY') for a credential. */
export default defineConnectors({
  shop,
  desk: shop,
  http: { ...shop, config: { ...shop.config, auth: 'bearer', allowedPaths: ['/orders/**'] } },
  stripe: { credentials: { api_key: 'sk_test_7Qk2Vt9sLm4Xw8Rb' }, config: { baseUrl: secret('STRIPE_URL') }, network },
  github: {
    credentials: { token: 'ghp_sixteenLettersAndMore0123456789abcd' },
    config: { baseUrl: secret('GITHUB_URL') },
    network,
  },
  slack: {
    credentials: { token: 'xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx' },
    config: { baseUrl: secret('SLACK_URL') },
    network,
  },
  shopify: {
    credentials: { token: 'shpat_stand_in_0123456789abcdef' },
    config: { baseUrl: secret('SHOPIFY_URL') },
    network,
  },
  magento: {
    credentials: { token: 'integration-token-0123456789' },
    config: { baseUrl: secret('MAGENTO_URL') },
    network,
  },
  hubspot: {
    credentials: { token: 'pat-eu1-token-of-the-stand-in' },
    config: { baseUrl: secret('HUBSPOT_URL') },
    network,
  },
  email: {
    config: {
      host: secret('EMAIL_HOST'),
      port: secret('EMAIL_PORT'),
      tls: 'none',
      login: false,
      from: 'care@acme.example',
    },
    network,
  },
});
