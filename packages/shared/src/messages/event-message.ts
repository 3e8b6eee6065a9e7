import { sha256 } from '../domain/digest.ts';
import { type EventEnvelope, parseEventId, SIGNED, type Signed } from '../domain/event.ts';
import type { EventId } from '../domain/ids.ts';
import { parseEventSubject } from './subjects.ts';

/** The CloudEvents attributes of a message in EVENTS, binary mode: beside the provider's bytes, never around them. */
export const EVENT_HEADERS = {
  specVersion: 'ce-specversion',
  id: 'ce-id',
  source: 'ce-source',
  type: 'ce-type',
  time: 'ce-time',
  subject: 'ce-subject',
  tenant: 'ce-tenantid',
  deliveryId: 'ce-deliveryid',
  rootId: 'ce-rootid',
  signed: 'ce-signed',
  typeSigned: 'ce-typesigned',
  /** SHA-256 of the body: tells a repeated delivery from another one under its id, without the body. */
  digest: 'ce-digest',
  /** Of a body too large for its event: where ingest gives it, relative to ingest, and its size in bytes. The payload is empty. */
  dataRef: 'ce-dataref',
  dataSize: 'ce-datasize',
  /** Of a replay: the event that was published again, and who asked for it. */
  replayOf: 'ce-replayof',
  replayedBy: 'ce-replayedby',
  /** Of an event for an agent's subscription. */
  agent: 'ce-agent',
  subscription: 'ce-subscription',
  contentType: 'content-type',
  traceParent: 'traceparent',
} as const;

/** An annotation is an extension attribute: its header is this and its name. */
const ATTRIBUTE_PREFIX = 'ce-';
const ANNOTATION_PATTERN = /^[a-z0-9]{1,20}$/;
/** Ours, and those that CloudEvents knows without our writing them. */
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...Object.values(EVENT_HEADERS).map((header) => header.replace(ATTRIBUTE_PREFIX, '')),
  ...['data', 'datacontenttype', 'dataschema', 'tracestate'],
]);

/** Whether a hook may add an attribute of this name to an event. */
export function isAnnotationName(name: string): boolean {
  return ANNOTATION_PATTERN.test(name) && !KNOWN_ATTRIBUTES.has(name);
}

export function annotationHeaders(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [ATTRIBUTE_PREFIX + name, encodeHeaderValue(value)]),
  );
}

/** As CloudEvents asks of header values: what is not printable ASCII, and space, `"` and `%`, as percent-encoded UTF-8. */
export function encodeHeaderValue(value: string): string {
  return value
    .toWellFormed()
    .replace(/[^\x21\x23\x24\x26-\x7e]/gu, (char) =>
      [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    );
}

export function decodeHeaderValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** What a stored or delivered message of EVENTS looks like, whichever way it was read. */
export interface EventMessage {
  readonly subject: string;
  readonly headers?: { get(name: string): string; keys?(): Iterable<string> } | undefined;
  readonly data: Uint8Array;
}

export interface ReceivedEvent extends EventEnvelope {
  readonly id: string;
  readonly tenant: string;
  readonly rootId: string;
  readonly deliveryId?: string;
  readonly digest: string;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Where the body is to be had, where it is too large for its event: a path of ingest. `data` is null then. */
  readonly dataRef?: string;
}

/**
 * The event in a message. Tenant, source and id are the subject's, whatever the headers say: the server checked who may
 * publish there. A body past `dataMaxBytes`, elsewhere, or that is not JSON, leaves `data` null.
 */
export function readEventMessage(message: EventMessage, dataMaxBytes: number): ReceivedEvent {
  const { tenant, eventId } = parseEventSubject(message.subject);
  const header = (name: keyof typeof EVENT_HEADERS): string | undefined => {
    const value = message.headers?.get(EVENT_HEADERS[name]);
    return value ? decodeHeaderValue(value) : undefined;
  };
  const time = header('time');
  const subject = header('subject');
  const deliveryId = header('deliveryId');
  const dataRef = header('dataRef');
  const annotations = readAnnotations(message.headers);
  return {
    id: eventId,
    tenant,
    source: parseEventId(eventId).source,
    type: header('type') ?? 'unknown',
    ...(time !== undefined && { time }),
    ...(subject !== undefined && { subject }),
    ...(deliveryId !== undefined && { deliveryId }),
    ...(annotations !== undefined && { annotations }),
    signed: signedOf(header('signed')),
    typeSigned: header('typeSigned') === 'true',
    rootId: (header('rootId') ?? eventId) as EventId,
    data: message.data.length > dataMaxBytes ? null : parseJson(message.data),
    ...(dataRef === undefined
      ? { digest: sha256(message.data), size: message.data.length }
      : { dataRef, digest: header('digest') ?? '', size: sizeOf(header('dataSize')) }),
  };
}

/** In bytes; 0 where nothing that is a size is said. */
const sizeOf = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

function readAnnotations(headers: EventMessage['headers']): Record<string, string> | undefined {
  const names = [...(headers?.keys?.() ?? [])]
    .filter((header) => header.startsWith(ATTRIBUTE_PREFIX))
    .map((header) => header.slice(ATTRIBUTE_PREFIX.length))
    .filter(isAnnotationName);
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => [name, decodeHeaderValue(headers?.get(ATTRIBUTE_PREFIX + name) ?? '')]),
  );
}

/** An unreadable claim of a signature is no signature. */
function signedOf(value: string | undefined): Signed {
  return SIGNED.find((known) => known === value) ?? 'none';
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
