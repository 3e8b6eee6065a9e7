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
  readonly headers?: { get(name: string): string } | undefined;
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
  return {
    id: eventId,
    tenant,
    source: parseEventId(eventId).source,
    type: header('type') ?? 'unknown',
    ...(time !== undefined && { time }),
    ...(subject !== undefined && { subject }),
    ...(deliveryId !== undefined && { deliveryId }),
    signed: signedOf(header('signed')),
    typeSigned: header('typeSigned') === 'true',
    rootId: (header('rootId') ?? eventId) as EventId,
    data: message.data.length > dataMaxBytes ? null : parseJson(message.data),
    ...(dataRef === undefined
      ? { digest: sha256(message.data), size: message.data.length }
      : { dataRef, digest: header('digest') ?? '', size: Number(header('dataSize')) || 0 }),
  };
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
