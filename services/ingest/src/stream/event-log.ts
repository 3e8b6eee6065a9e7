import { type Event, encodeType } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS, type ReceivedEvent, readEventMessage } from '@holdpoint/shared/messages/event-message';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject, eventSubjects } from '@holdpoint/shared/messages/subjects';
import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { listNewestFirst } from './list-newest-first.ts';

/** Payloads up to here are parsed and shown; a larger one is to be had raw. */
const DATA_MAX_BYTES = 256 * 1024;

/** A stored event as it can be published again. */
export interface StoredEvent {
  readonly event: Event;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; or, where it was too large for the event, what it is called in the body store. */
  readonly body: Uint8Array | { readonly digest: string; readonly size: number };
}

export interface EventFilter {
  readonly tenant: string;
  readonly source: string | undefined;
  readonly type: string | undefined;
  /** Milliseconds since the epoch, by the time of acceptance. */
  readonly since: number | undefined;
  readonly limit: number;
  /** The `next_cursor` of the page before. */
  readonly before: number | undefined;
}

export interface EventPage {
  readonly items: readonly Event[];
  readonly next: number | undefined;
}

/** EVENTS as it can be read: by literal subject, or backwards. Every read is of one tenant. */
export interface EventLog {
  get(tenant: string, id: EventId): Promise<StoredEvent | undefined>;
  list(filter: EventFilter): Promise<EventPage>;
  storedDigest(tenant: string, id: EventId): Promise<string | undefined>;
}

export function eventLog(js: JetStreamClient, jsm: JetStreamManager): EventLog {
  const stored = (tenant: string, id: EventId): Promise<StoredMsg | null> =>
    jsm.direct.getMessage(STREAMS.EVENTS.name, { last_by_subj: eventSubject(tenant, id) });

  return {
    async get(tenant, id) {
      const message = await stored(tenant, id);
      if (message === null) return undefined;
      const headers = Object.fromEntries(
        [...(message.header ?? [])]
          .filter(([name]) => !/^nats-/i.test(name))
          .map(([name, values]) => [name, values[0] ?? '']),
      );
      const event = readEventMessage(asMessage(message), DATA_MAX_BYTES);
      const { data, dataRef, digest, size } = event;
      const body = dataRef === undefined ? message.data : { digest, size };
      return { event: { ...show(event, size), data }, headers, body };
    },

    async list({ tenant, source, type, since, limit, before }) {
      const subject = eventSubjects(tenant, source, type === undefined ? undefined : encodeType(type));
      const page = await listNewestFirst(js, jsm, STREAMS.EVENTS.name, { subject, since, limit, before });
      return {
        next: page.next,
        items: page.messages.map((message) => {
          const event = readEventMessage(message, 0);
          const inStream = Number(message.headers?.get('Nats-Msg-Size'));
          return show(event, event.dataRef === undefined ? inStream : event.size);
        }),
      };
    },

    async storedDigest(tenant, id) {
      const message = await stored(tenant, id);
      return message?.header?.get(EVENT_HEADERS.digest) || undefined;
    },
  };
}

function show(event: ReceivedEvent, size: number): Event {
  return {
    id: event.id,
    tenant: event.tenant,
    source: event.source,
    type: event.type,
    time: event.time ?? '',
    signed: event.signed,
    type_signed: event.typeSigned,
    delivery_id: event.deliveryId ?? null,
    root_id: event.rootId,
    size,
  };
}

const asMessage = (message: StoredMsg) => ({
  subject: message.subject,
  data: message.data,
  ...(message.header && { headers: message.header }),
});
