import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { formatTraceparent, type Trace } from '@holdpoint/shared/runtime/trace';
import { askBeforeHooks, isPassed } from './ask-before-hooks.ts';
import type { IngestContext } from './context.ts';
import { draftEvent } from './core/event-draft.ts';
import { BATCH_MAX_ITEMS } from './providers/json-spans.ts';
import type { BadItem, BatchItem, Delivery, Refused, Reply } from './providers/provider.ts';
import type { Source } from './source-registry.ts';
import { publishDeadItem } from './stream/publish-dead-item.ts';
import { isConflict, type Publication } from './stream/publish-event.ts';

/** What became of one event. */
export type Received =
  | { readonly status: 'accepted' | 'duplicate'; readonly event_id: EventId }
  /** By the tenant's hooks: nothing is published. */
  | { readonly status: 'filtered' }
  | { readonly status: 'rejected'; readonly reason: string }
  /** An item of a batch that is no event: its bytes are kept in DEAD. */
  | { readonly status: 'dead'; readonly reason: string };

/** What became of a delivery. */
export type Receipt =
  | { readonly kind: 'event'; readonly received: Received }
  | { readonly kind: 'batch'; readonly items: readonly Received[] }
  | { readonly kind: 'handshake'; readonly reply: Reply };

/** Thrown for a delivery that is not believed: the sender learns no more than its message, our own people the reason. */
export class DeliveryRefused extends HoldpointError {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super('WEBHOOK_SIGNATURE_INVALID', 'the signature does not verify');
    this.refused = refused;
  }
}

/** Of a batch at a time: the rest of the publisher's room is for others. */
const BATCH_IN_FLIGHT = 64;

/**
 * Verify, name, ask the tenant's hooks, publish: in this order, so that nothing unverified is looked up or remembered, and nothing is answered
 * before it is durable.
 */
export async function receiveDelivery(
  context: IngestContext,
  source: Source,
  delivery: Delivery,
  trace: Trace,
): Promise<Receipt> {
  const { scheme, secrets, toleranceSeconds } = source;
  const now = context.clock().getTime();
  const signed = { ...delivery, secrets, toleranceSeconds, now };
  const verdict = scheme.verify(signed);
  if (!verdict.ok) {
    const { reason, header } = verdict;
    context.logger.info({ ...where(source, trace), reason, header }, 'a delivery was refused');
    throw new DeliveryRefused(verdict);
  }
  const reply = scheme.handshake?.(signed);
  if (reply) {
    context.logger.info(where(source, trace), 'a handshake was answered');
    return { kind: 'handshake', reply };
  }

  const receive = async ({ body, description }: BatchItem): Promise<Received> => {
    const named = draftEvent(source, verdict.signed, description, {
      rawBody: body,
      contentType: delivery.headers['content-type']?.[0],
      traceParent: formatTraceparent(trace),
      now,
    });
    const draft = await askBeforeHooks(context.hooks, context.logger, source.tenant, named);
    if (!isPassed(draft)) return draft;
    const publication = { tenant: source.tenant, ...draft };
    const status = await context.publisher.publish(publication);
    if (status === 'duplicate' && draft.keyFrom === 'id') await reportConflict(context, source, publication, trace);
    context.logger.debug({ ...where(source, trace), event_id: draft.id, status }, 'a delivery was received');
    return { status, event_id: draft.id };
  };

  const items = scheme.items?.(delivery);
  if (!items) {
    const description = scheme.describe(delivery, verdict.signed);
    const received = await receive({ body: delivery.rawBody, description });
    if (received.status === 'rejected') throw new HoldpointError('EVENT_REJECTED', received.reason);
    return { kind: 'event', received };
  }
  return { kind: 'batch', items: await receiveItems(context, source, items, trace, receive) };
}

/**
 * All are durable, or the first failure is thrown once none is under way: the provider sends the batch again, and what was
 * stored is then a duplicate.
 */
async function receiveItems(
  context: IngestContext,
  source: Source,
  items: readonly (BatchItem | BadItem)[],
  trace: Trace,
  receive: (item: BatchItem) => Promise<Received>,
): Promise<Received[]> {
  if (items.length > BATCH_MAX_ITEMS) {
    const message = `the batch holds more than ${BATCH_MAX_ITEMS} items`;
    throw new HoldpointError('PAYLOAD_TOO_LARGE', message, { max_items: BATCH_MAX_ITEMS });
  }
  // Publishing would refuse each event at once, but wait for what is to be dead-lettered longer than a provider waits.
  if (!context.nats.connected()) throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the event store is away');
  const received: Received[] = [];
  for (let from = 0; from < items.length; from += BATCH_IN_FLIGHT) {
    const settled = await Promise.allSettled(
      items
        .slice(from, from + BATCH_IN_FLIGHT)
        .map((item) => ('fault' in item ? publishDeadItem(context.deadItems, source, item) : receive(item))),
    );
    for (const one of settled) {
      if (one.status === 'rejected') throw one.reason;
      received.push(one.value);
    }
  }
  const faults = items.flatMap((item) => ('fault' in item ? [item.fault] : []));
  if (faults.length > 0) {
    const about = { ...where(source, trace), items: faults.length, faults: [...new Set(faults)] };
    context.logger.warn(about, 'items of a batch are no events');
  }
  return received;
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
