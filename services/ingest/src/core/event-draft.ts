import { sha256 } from '@holdpoint/shared/domain/digest';
import { eventId, eventKey, type KeyFrom, parseEventId, type Signed } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS, encodeHeaderValue } from '@holdpoint/shared/messages/event-message';
import type { Description } from '../providers/provider.ts';

/**
 * What a provider says of itself may be as long as its body; in headers it is cut. The key and the type's token were made
 * from the whole. With every attribute at its longest the headers stay within HEADERS_MAX_BYTES.
 */
const ATTRIBUTE_MAX_CHARS = 256;
/** What is left for headers of a message's maximum. */
export const HEADERS_MAX_BYTES = 16 * 1024;

/** An event that is ready to be published: its name, its attributes, the provider's bytes as they came. */
export interface EventDraft {
  readonly id: EventId;
  readonly keyFrom: KeyFrom;
  readonly bodyDigest: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What of a source names its events. */
export interface NamingSource {
  readonly tenant: string;
  readonly id: string;
  /** Undefined: as the provider's scheme allows. */
  readonly dedupe: KeyFrom | undefined;
  /** The agent and subscription that it wakes. */
  readonly subscription: { readonly agent: string; readonly id: string } | undefined;
}

export interface Arrival {
  readonly rawBody: Buffer;
  readonly contentType: string | undefined;
  readonly traceParent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Names a verified delivery and writes its CloudEvents attributes. Semantics §2. */
export function draftEvent(source: NamingSource, signed: Signed, described: Description, arrival: Arrival): EventDraft {
  const bodyDigest = sha256(arrival.rawBody);
  const keyFrom = source.dedupe ?? described.keyFrom;
  const { deliveryId, type } = described;
  const keyDigest = described.keyBody === undefined ? bodyDigest : sha256(described.keyBody);
  const id = eventId(source.id, type, eventKey(keyFrom, { deliveryId, type, bodyDigest: keyDigest }));
  return {
    id,
    keyFrom,
    bodyDigest,
    body: arrival.rawBody,
    headers: attributes({
      specVersion: '1.0',
      id,
      source: source.id,
      type: type ?? 'unknown',
      time: described.time ?? new Date(arrival.now).toISOString(),
      subject: described.subject,
      tenant: source.tenant,
      deliveryId,
      rootId: id,
      signed,
      typeSigned: String(described.typeSigned),
      digest: bodyDigest,
      agent: source.subscription?.agent,
      subscription: source.subscription?.id,
      contentType: plainContentType(arrival.contentType),
      traceParent: arrival.traceParent,
    }),
  };
}

/** The attributes of an event whose body is too large for it. The reference is a path of ingest, for whoever may read events. */
export function bodyElsewhere(id: EventId, body: { readonly digest: string; readonly size: number }) {
  return attributes({ dataRef: `/v1/events/${id}?raw`, digest: body.digest, dataSize: String(body.size) });
}

/** What a replay changes; everything else is the original's. */
export interface ReplayOf {
  readonly originalId: EventId;
  /** Of the first original: what operators derive their idempotency keys from. */
  readonly rootId: string;
  /** Its own root: operators will do their work again. */
  readonly fresh: boolean;
  /** Makes the new id: a UUID, or the batch that the replay is of. */
  readonly nonce: string;
  /** Who asked. */
  readonly actor: string;
}

/** The id of a replay. The new key is no delivery's: it is made from what no provider sends. */
export function replayId(originalId: EventId, nonce: string): EventId {
  const key = sha256(JSON.stringify(['replay', originalId, nonce])).slice(0, 40);
  const { source, typeToken } = parseEventId(originalId);
  return `${source}.${typeToken}.${key}` as EventId;
}

/** The name of a batch of replays whose caller gives none: the same range is the same batch. */
export function replayBatch(range: {
  readonly source: string | undefined;
  readonly type: string | undefined;
  readonly since: number;
  readonly until: number;
  readonly fresh: boolean;
}): string {
  const { source, type, since, until, fresh } = range;
  return sha256(JSON.stringify([source ?? null, type ?? null, since, until, fresh])).slice(0, 32);
}

/** The id and the changed attributes of a replay. */
export function draftReplay(replay: ReplayOf): { id: EventId; headers: Readonly<Record<string, string>> } {
  const id = replayId(replay.originalId, replay.nonce);
  return {
    id,
    headers: attributes({
      id,
      rootId: replay.fresh ? id : replay.rootId,
      replayOf: replay.originalId,
      replayedBy: replay.actor,
    }),
  };
}

function attributes(values: Partial<Record<keyof typeof EVENT_HEADERS, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(values) as [keyof typeof EVENT_HEADERS, string | undefined][]) {
    if (value === undefined || value === '') continue;
    // A content type is HTTP's own header, not a CloudEvents attribute: it is written as HTTP writes it.
    headers[EVENT_HEADERS[name]] =
      name === 'contentType' ? value : encodeHeaderValue(value.slice(0, ATTRIBUTE_MAX_CHARS));
  }
  return headers;
}

/** As it came, where it is printable and not absurd; a payload of no stated type is bytes. */
function plainContentType(contentType: string | undefined): string {
  return contentType !== undefined && /^[\x20-\x7e]{1,256}$/.test(contentType)
    ? contentType.trim() || 'application/octet-stream'
    : 'application/octet-stream';
}
