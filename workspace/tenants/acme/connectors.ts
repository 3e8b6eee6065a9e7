import { defineConnectors, secret } from '@holdpoint/sdk/define';

/** Where this tenant's shop and desk are. Both are the development server in `shop/`, whose token protects nothing. */
const remote = {
  credentials: { token: 'development-only' },
  config: { baseUrl: secret('SHOP_URL') },
  // It runs beside the executor, at no public address.
  network: { private: true },
};

export default defineConnectors({ shop: remote, desk: remote });
