import { defineNotifications } from '@holdpoint/sdk/define';

/**
 * Nobody is told by default: the console shows what waits. A channel in your own workspace is, for example,
 * { id: 'desk', type: 'webhook', url: secret('DESK_URL'), secret: secret('DESK_SECRET') }, with both set in the environment of
 * approvals.
 */
export default defineNotifications([]);
