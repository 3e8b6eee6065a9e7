import { defineEscalations } from '@holdpoint/sdk/define';

/** Where an ALERT goes when its policy does not say. */
export default defineEscalations({
  defaults: { audience: 'reviewer', ttlSeconds: 24 * 3600, mode: 'hold' },
});
