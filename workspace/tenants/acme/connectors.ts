import { defineConnectors, secret } from '@holdpoint/sdk/define';

/** Where this tenant's shop and desk are. Both are the development server in `shop/`, whose token protects nothing. */
const remote = { credentials: { token: 'development-only' }, config: { baseUrl: secret('SHOP_URL') } };

export default defineConnectors({ shop: remote, desk: remote });
