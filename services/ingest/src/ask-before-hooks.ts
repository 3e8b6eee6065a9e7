import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Signed } from '@holdpoint/shared/domain/event';
import { annotationHeaders, decodeHeaderValue, EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { EventDraft } from './core/event-draft.ts';
import type { EventFacts } from './hooks/event-facts.ts';
import type { TenantHooks } from './hooks/tenant-hooks.ts';

/** The event as its tenant's hooks let it pass, or what they said of it instead. */
export type Hooked =
  | EventDraft
  | { readonly status: 'filtered' }
  | { readonly status: 'rejected'; readonly reason: string };

export const isPassed = (hooked: Hooked): hooked is EventDraft => !('status' in hooked);

const RETRY_AFTER_SECONDS = 5;

/**
 * Asks the tenant's `before` hooks about a named event. Its bytes and its name stay; hooks add attributes at most.
 * @throws HoldpointError DEPENDENCY_UNAVAILABLE where a critical hook fails: the sender comes again
 */
export async function askBeforeHooks(
  hooks: TenantHooks,
  logger: Logger,
  tenant: string,
  draft: EventDraft,
): Promise<Hooked> {
  if (!hooks.asks(tenant)) return draft;
  const event = factsOf(tenant, draft);
  const matching = hooks.matching(event);
  if (matching.length === 0) return draft;
  const outcome = await hooks.askBefore(matching, event, draft.body);
  switch (outcome.kind) {
    case 'pass':
      return { ...draft, headers: { ...draft.headers, ...annotationHeaders(outcome.annotations) } };
    case 'filter':
      logger.debug({ tenant, event_id: draft.id, hook: outcome.hook, reason: outcome.reason }, 'an event was filtered');
      return { status: 'filtered' };
    case 'reject':
      logger.info({ tenant, event_id: draft.id, hook: outcome.hook, reason: outcome.reason }, 'an event was rejected');
      return { status: 'rejected', reason: outcome.reason };
    case 'failed':
      throw new HoldpointError('DEPENDENCY_UNAVAILABLE', `the hook ${outcome.hook} did not answer`, {
        hook: outcome.hook,
        retry_after_seconds: RETRY_AFTER_SECONDS,
      });
    default:
      return outcome satisfies never;
  }
}

/** As everyone after the stream will see it: from the attributes that are about to be published. */
function factsOf(tenant: string, { id, headers, body, bodyDigest }: EventDraft): EventFacts {
  const header = (name: keyof typeof EVENT_HEADERS): string | undefined => {
    const value = headers[EVENT_HEADERS[name]];
    return value === undefined ? undefined : decodeHeaderValue(value);
  };
  return {
    id,
    tenant,
    source: header('source') ?? '',
    type: header('type') ?? 'unknown',
    time: header('time') ?? '',
    subject: header('subject') ?? null,
    signed: (header('signed') ?? 'none') as Signed,
    typeSigned: header('typeSigned') === 'true',
    deliveryId: header('deliveryId') ?? null,
    digest: bodyDigest,
    size: body.length,
  };
}
