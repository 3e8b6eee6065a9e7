import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Event } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { formatTraceparent, type Trace } from '@holdpoint/shared/runtime/trace';
import type { IngestContext } from './context.ts';
import { bodyElsewhere, draftReplay } from './core/event-draft.ts';
import type { Published } from './stream/publish-event.ts';

export interface Replay {
  readonly tenant: string;
  readonly id: EventId;
  readonly fresh: boolean;
  /** Makes the new id: the same event under the same nonce is replayed once. */
  readonly nonce: string;
  /** The principal who asked. */
  readonly actor: string;
  readonly trace: Trace;
}

export interface Replayed {
  readonly event: Event;
  readonly published: Published;
}

/**
 * The same bytes and attributes under a new id. Semantics §2.
 *
 * @throws {HoldpointError} NOT_FOUND where the event, or its body, is not stored any more
 */
export async function replayEvent(context: IngestContext, replay: Replay): Promise<Replayed> {
  const { tenant, id, fresh, nonce, actor, trace } = replay;
  const original = await context.log.get(tenant, id);
  if (!original) throw new HoldpointError('NOT_FOUND', 'no such event');
  const rootId = original.event.root_id;
  const { body } = original;
  const elsewhere = 'digest' in body;
  if (elsewhere && !(await context.bodies.keep(tenant, body.digest))) {
    throw new HoldpointError('NOT_FOUND', "the event's body is not stored any more");
  }
  const copy = draftReplay({ originalId: id, rootId, fresh, nonce, actor });
  const headers = {
    ...original.headers,
    ...copy.headers,
    ...(elsewhere && bodyElsewhere(copy.id, body)),
    [EVENT_HEADERS.traceParent]: formatTraceparent(trace),
  };
  const publication = { tenant, id: copy.id, headers, body: elsewhere ? new Uint8Array() : body };
  const published = await context.publisher.publish(publication);
  context.logger.info({ tenant, event_id: copy.id, replay_of: id, fresh, actor, published }, 'an event was replayed');
  const { data: _, ...event } = original.event;
  return { published, event: { ...event, id: copy.id, root_id: fresh ? copy.id : rootId } };
}
