import { sha256 } from '@holdpoint/shared/domain/digest';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { deadSubject, eventSubjects } from '@holdpoint/shared/messages/subjects';
import { publishAll } from '@holdpoint/shared/runtime/nats';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { BadItem } from '../providers/provider.ts';
import type { BodyStore } from './body-store.ts';

export interface DeadItemDependencies {
  readonly js: JetStreamClient;
  readonly bodies: BodyStore;
  readonly inlineMaxBytes: () => number;
}

/**
 * Keeps what stood in a batch and is no event. Resolves once it is durable; the same bytes again are stored once in a while.
 * What is too large for a message is kept as large bodies are, and for as long.
 */
export async function publishDeadItem(
  { js, bodies, inlineMaxBytes }: DeadItemDependencies,
  source: { readonly tenant: string; readonly id: string },
  { body, fault }: BadItem,
): Promise<{ status: 'dead'; reason: string }> {
  const digest = sha256(body);
  const large = body.length > inlineMaxBytes();
  const message = {
    subject: deadSubject(STREAMS.EVENTS.name, source.tenant),
    id: sha256(JSON.stringify([source.tenant, source.id, digest])),
    headers: {
      [DEAD_HEADERS.code]: 'INVALID_REQUEST',
      [DEAD_HEADERS.reason]: fault,
      [DEAD_HEADERS.subject]: eventSubjects(source.tenant, source.id),
      ...(large && { [EVENT_HEADERS.digest]: digest, [EVENT_HEADERS.dataSize]: String(body.length) }),
    },
    body: large ? '' : body,
  };
  try {
    if (large) await bodies.put(source.tenant, digest, body);
    await publishAll(js, [message]);
  } catch (error) {
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the event could not be stored', {}, { cause: error });
  }
  return { status: 'dead', reason: fault };
}
