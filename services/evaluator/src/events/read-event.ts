import { setTimeout as delay } from 'node:timers/promises';
import { plainJson } from '@holdpoint/policy/decide/plain-json';
import { type EventEnvelope, eventIdSchema } from '@holdpoint/shared/domain/event';
import { plainText } from '@holdpoint/shared/domain/plain-text';
import { readEventMessage } from '@holdpoint/shared/messages/event-message';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import type { Nats } from '@holdpoint/shared/runtime/nats';

/** A policy sees at most this much of an event's payload; it is stored with the plan. */
export const EVENT_DATA_MAX_BYTES = 256 * 1024;
/** Pauses between looks: an operator may answer an event before every replica of the stream has it. */
const RETRY_AFTER_MS = [50, 200, 500] as const;

/** Reads an event of a tenant by its literal subject; undefined where, after a few looks, it is not there, or where no event is called so. */
export async function readEvent(nats: Nats, tenant: string, said: string): Promise<EventEnvelope | undefined> {
  const id = eventIdSchema.safeParse(said);
  if (!id.success) return undefined;
  const subject = eventSubject(tenant, id.data);
  for (const pauseMs of [...RETRY_AFTER_MS, undefined]) {
    const message = await nats.jsm.streams.getMessage(STREAMS.EVENTS.name, { last_by_subj: subject });
    if (message) {
      const {
        tenant: _tenant,
        deliveryId: _delivery,
        size: _size,
        dataRef: _dataRef,
        ...event
      } = readEventMessage(
        { subject: message.subject, headers: message.header, data: message.data },
        EVENT_DATA_MAX_BYTES,
      );
      // What cannot be stored with the plan must not decide about it: scoring again would see something else.
      const data = plainJson(event.data);
      // An attribute is the provider's text, percent-encoded, so it can hold a NUL.
      return {
        ...event,
        type: plainText(event.type),
        ...(event.time !== undefined && { time: plainText(event.time) }),
        ...(event.subject !== undefined && { subject: plainText(event.subject) }),
        ...(event.annotations && { annotations: mapValues(event.annotations, plainText) }),
        rootId: plainText(event.rootId),
        ...(event.digest !== undefined && { digest: plainText(event.digest) }),
        data: data.ok ? data.value : null,
      };
    }
    if (pauseMs !== undefined) await delay(pauseMs);
  }
  return undefined;
}

function mapValues<V>(values: Readonly<Record<string, V>>, change: (value: V) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
