import { sha256 } from '@holdpoint/shared/domain/digest';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { deadSubject, eventSubjects } from '@holdpoint/shared/messages/subjects';
import { publishAll } from '@holdpoint/shared/runtime/nats';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { BadItem } from '../providers/provider.ts';

/** Keeps what stood in a batch and is no event. Resolves once it is durable; the same bytes again are stored once in a while. */
export async function publishDeadItem(
  js: JetStreamClient,
  source: { readonly tenant: string; readonly id: string },
  { body, fault }: BadItem,
): Promise<{ status: 'dead'; reason: string }> {
  const message = {
    subject: deadSubject(STREAMS.EVENTS.name, source.tenant),
    id: sha256(JSON.stringify([source.tenant, source.id, sha256(body)])),
    headers: {
      [DEAD_HEADERS.code]: 'INVALID_REQUEST',
      [DEAD_HEADERS.reason]: fault,
      [DEAD_HEADERS.subject]: eventSubjects(source.tenant, source.id),
    },
    body,
  };
  try {
    await publishAll(js, [message]);
  } catch (error) {
    throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the event could not be stored', {}, { cause: error });
  }
  return { status: 'dead', reason: fault };
}
