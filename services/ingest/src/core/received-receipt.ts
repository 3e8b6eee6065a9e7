import type { NewReceipt } from '@holdpoint/shared/db/receipts';
import { sha256 } from '@holdpoint/shared/domain/digest';
import { parseEventId } from '@holdpoint/shared/domain/event';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { plainText } from '@holdpoint/shared/domain/plain-text';
import { decodeHeaderValue, EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { parseEventSubject } from '@holdpoint/shared/messages/subjects';

/** An accepted event as the stream keeps it; its payload is not needed. */
export interface StoredEvent {
  readonly subject: string;
  readonly headers?: { get(name: string): string } | undefined;
  /** When the stream stored it. */
  readonly at: Date;
}

/**
 * The receipt of one accepted webhook. Everything in it comes from the stored event, its id and time too, so that a message
 * that is delivered twice makes the same receipt.
 */
export function receivedReceipt({ subject, headers, at }: StoredEvent): NewReceipt {
  const { tenant, eventId } = parseEventSubject(subject);
  const header = (name: keyof typeof EVENT_HEADERS): string | undefined =>
    told(headers?.get(EVENT_HEADERS[name])) || undefined;
  const replayedBy = header('replayedBy');
  const fresh = header('rootId') === eventId;
  return {
    id: idFrom(subject, at),
    at: at.toISOString(),
    tenant: told(tenant),
    kind: 'webhook_received',
    event: told(eventId),
    ...senderOf(eventId, header),
    ...(replayedBy && { actor: told(decodeHeaderValue(replayedBy)) }),
    ...(replayedBy && { outcome: fresh ? 'replayed_fresh' : 'replayed' }),
    digest: header('digest') ?? null,
    trace_id: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(header('traceParent') ?? '')?.[1] ?? null,
  };
}

/** A source; or, of an event for an agent's subscription, that, with the key that its bus gave the delivery. */
function senderOf(eventId: EventId, header: (name: keyof typeof EVENT_HEADERS) => string | undefined) {
  const agent = header('agent');
  if (agent === undefined) return { actor: `source|${told(parseEventId(eventId).source)}` };
  const key = header('deliveryId');
  return {
    agent,
    actor: `subscription|${agent}/${header('subscription') ?? ''}`,
    ...(key !== undefined && { idempotency_key: told(decodeHeaderValue(key)) }),
  };
}

const TOLD_MAX_CHARS = 4_096;

/** As text that can be stored, with a NUL or not, and of no more than what we write ourselves. */
const told = (text = ''): string => plainText(text.slice(0, TOLD_MAX_CHARS));

/** A UUIDv7 whose random part is a hash of the subject, of which the stream holds one message. */
function idFrom(subject: string, at: Date): string {
  const time = at.getTime().toString(16).padStart(12, '0');
  const hash = sha256(subject);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-a${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}
