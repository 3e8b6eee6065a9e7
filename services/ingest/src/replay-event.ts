import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Event } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { formatTraceparent, type Trace } from '@holdpoint/shared/runtime/trace';
import type { IngestContext } from './context.ts';
import { bodyElsewhere, draftReplay } from './core/event-draft.ts';

export interface Replay {
  readonly tenant: string;
  readonly id: EventId;
  readonly fresh: boolean;
  /** The principal who asked. */
  readonly actor: string;
  readonly trace: Trace;
}

/** The same bytes and attributes under a new id. Semantics §2. */
export async function replayEvent(context: IngestContext, replay: Replay): Promise<Event> {
  const { tenant, id, fresh, actor, trace } = replay;
  const original = await context.log.get(tenant, id);
  if (!original) throw new HoldpointError('NOT_FOUND', 'no such event');
  const rootId = original.event.root_id;
  const { body } = original;
  const elsewhere = 'digest' in body;
  if (elsewhere && !(await context.bodies.keep(tenant, body.digest))) {
    throw new HoldpointError('NOT_FOUND', "the event's body is not stored any more");
  }
  const copy = draftReplay({ originalId: id, rootId, fresh, nonce: context.newNonce(), actor });
  const headers = {
    ...original.headers,
    ...copy.headers,
    ...(elsewhere && bodyElsewhere(copy.id, body)),
    [EVENT_HEADERS.traceParent]: formatTraceparent(trace),
  };
  await context.publisher.publish({ tenant, id: copy.id, headers, body: elsewhere ? new Uint8Array() : body });
  context.logger.info({ tenant, event_id: copy.id, replay_of: id, fresh, actor }, 'an event was replayed');
  const { data: _, ...event } = original.event;
  return { ...event, id: copy.id, root_id: fresh ? copy.id : rootId };
}
