import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { formatTraceparent, type Trace } from '@holdpoint/shared/runtime/trace';
import type { IngestContext } from './context.ts';
import { draftEvent } from './core/event-draft.ts';
import { PROVIDERS } from './providers/index.ts';
import type { Delivery, Verdict } from './providers/provider.ts';
import type { Source } from './source-registry.ts';
import { isConflict, type Publication } from './stream/publish-event.ts';

export interface Received {
  readonly status: 'accepted' | 'duplicate';
  readonly event_id: EventId;
}

/**
 * Verify, name, publish: in this order, so that nothing unverified is looked up or remembered, and nothing is answered
 * before it is durable.
 */
export async function receiveDelivery(
  context: IngestContext,
  source: Source,
  delivery: Delivery,
  trace: Trace,
): Promise<Received> {
  const provider = PROVIDERS[source.provider];
  const { secrets, toleranceSeconds } = source;
  const now = context.clock().getTime();
  const verdict: Verdict = provider.verify({ ...delivery, secrets, toleranceSeconds, now });
  if (!verdict.ok) {
    context.logger.info({ ...where(source, trace), reason: verdict.reason }, 'a delivery was refused');
    throw new HoldpointError('WEBHOOK_SIGNATURE_INVALID', 'the signature does not verify');
  }

  const draft = draftEvent(source, verdict.signed, provider.describe(delivery), {
    rawBody: delivery.rawBody,
    contentType: delivery.headers['content-type']?.[0],
    traceParent: formatTraceparent(trace),
    now,
  });
  const publication = { tenant: source.tenant, ...draft };
  const status = await context.publisher.publish(publication);
  if (status === 'duplicate' && draft.keyFrom === 'id') await reportConflict(context, source, publication, trace);
  context.logger.debug({ ...where(source, trace), event_id: draft.id, status }, 'a delivery was received');
  return { status, event_id: draft.id };
}

/** The event is durable and the sender is answered the same either way; that its bytes differ is for people to know. */
async function reportConflict(
  context: IngestContext,
  source: Source,
  publication: Publication,
  trace: Trace,
): Promise<void> {
  const about = { ...where(source, trace), event_id: publication.id };
  try {
    if (!(await isConflict(context.log, publication))) return;
    context.metrics.conflict(source);
    context.logger.warn(about, 'delivery_conflict: a delivery repeats an id with another body');
  } catch (err) {
    context.logger.warn({ ...about, err }, 'a duplicate could not be compared with its original');
  }
}

const where = ({ tenant, id }: Source, trace: Trace) => ({ tenant, source: id, trace_id: trace.traceId });
