import type { Summary } from '@holdpoint/hooks/protocol';
import type { WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { AcceptedEvent, HookEvent } from '@holdpoint/shared/workspace/webhook-hook';

/** An event on its way to the thread, where its payload is parsed. */
export type EventFacts = Omit<HookEvent, 'data'> & Partial<Pick<AcceptedEvent, 'rootId' | 'annotations'>>;

export type WebhookSummary = Summary<WebhookHook>;
