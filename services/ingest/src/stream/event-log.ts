import { type Event, encodeType } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS, type ReceivedEvent, readEventMessage } from '@holdpoint/shared/messages/event-message';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { eventSubject, eventSubjects, parseEventSubject } from '@holdpoint/shared/messages/subjects';
import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { listNewestFirst } from './list-newest-first.ts';
import { listOldestFirst } from './list-oldest-first.ts';
import type { StretchOf } from './stretch.ts';

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
  /** Left out itself. */
  readonly until: number | undefined;
  readonly limit: number;
  /** The `next_cursor` of the page before. */
  readonly before: number | undefined;
}

export interface EventPage {
  readonly items: readonly Event[];
  readonly next: number | undefined;
}

export type OriginalsFilter = Omit<EventFilter, 'before' | 'since' | 'until'> & {
  readonly since: number;
  readonly until: number;
  /** The `next` of the page before. */
  readonly from: number | undefined;
};

export interface OriginalsPage {
  readonly ids: readonly EventId[];
  readonly next: number | undefined;
}

/** EVENTS as it can be read: by literal subject, or backwards. Every read is of one tenant. */
export interface EventLog {
  get(tenant: string, id: EventId): Promise<StoredEvent | undefined>;
  list(filter: EventFilter): Promise<EventPage>;
  /** Oldest first, without replays. `limit` is of events looked at, so that a page may hold fewer and yet have a next. */
  originals(filter: OriginalsFilter): Promise<OriginalsPage>;
  storedDigest(tenant: string, id: EventId): Promise<string | undefined>;
}

export function eventLog(js: JetStreamClient, jsm: JetStreamManager): EventLog {
  const stored = (tenant: string, id: EventId): Promise<StoredMsg | null> =>
    jsm.direct.getMessage(STREAMS.EVENTS.name, { last_by_subj: eventSubject(tenant, id) });
  const matching = (tenant: string, source: string | undefined, type: string | undefined): StretchOf => ({
    js,
    jsm,
    stream: STREAMS.EVENTS.name,
    subject: eventSubjects(tenant, source, type === undefined ? undefined : encodeType(type)),
  });

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

    async list({ tenant, source, type, ...query }) {
      const page = await listNewestFirst(matching(tenant, source, type), query);
      return {
        next: page.next,
        items: page.messages.map((message) => {
          const event = readEventMessage(message, 0);
          const inStream = Number(message.headers?.get('Nats-Msg-Size'));
          return show(event, event.dataRef === undefined ? inStream : event.size);
        }),
      };
    },

    async originals({ tenant, source, type, ...query }) {
      const { messages, next } = await listOldestFirst(matching(tenant, source, type), query);
      const originals = messages.filter(({ headers }) => !headers?.get(EVENT_HEADERS.replayOf));
      return { ids: originals.map(({ subject }) => parseEventSubject(subject).eventId), next };
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
    ...(event.annotations && { annotations: event.annotations }),
    size,
  };
}

const asMessage = (message: StoredMsg) => ({
  subject: message.subject,
  data: message.data,
  ...(message.header && { headers: message.header }),
});
