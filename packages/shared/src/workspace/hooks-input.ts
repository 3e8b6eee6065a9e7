import type { ActionHookInput } from './action-hook.ts';
import type { WebhookHookInput } from './webhook-hook.ts';

/** What `tenants/<tenant>/hooks.ts` exports. */
export interface HooksInput {
  readonly webhooks?: readonly WebhookHookInput[];
  readonly actions?: readonly ActionHookInput[];
}
