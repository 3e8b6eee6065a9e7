import { sha256 } from '@holdpoint/shared/domain/digest';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { isStreamMissing, isSubjectTaken } from '@holdpoint/shared/messages/publish-refusal';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { bodyElsewhere } from '../core/event-draft.ts';
import { storedBytes } from '../core/stored-bytes.ts';
import { OverQuota, type TenantQuotas } from '../protection/tenant-quotas.ts';
import type { BodyStore } from './body-store.ts';
import type { EventLog } from './event-log.ts';

export interface Publication {
  readonly tenant: string;
  readonly id: EventId;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type Published = 'accepted' | 'duplicate';

export interface EventPublisher {
  /**
   * Resolves once the event is durable, by this publish or by an earlier one; rejects with DEPENDENCY_UNAVAILABLE when it
   * may not be, with RATE_LIMIT where its tenant has used up its quota. The publish is the dedupe: there is no claim beside
   * it that could be lost.
   */
  publish(publication: Publication): Promise<Published>;
  /** How many publishes wait for their acknowledgement. */
  inFlight(): number;
}

export interface PublisherLimits {
  readonly timeoutMs: number;
  readonly inFlightMax: number;
  readonly inFlightMaxBytes: number;
  /** What the sender is told to wait. */
  readonly retryAfterSeconds: number;
}

export interface PublisherDependencies {
  readonly js: JetStreamClient;
  /** False while the connection is away: a publish would only wait in memory to come late. */
  readonly connected: () => boolean;
  /** Sets the streams up again where nobody answers for them. */
  readonly restore: () => Promise<void>;
  readonly log: EventLog;
  readonly bodies: BodyStore;
  readonly quotas: TenantQuotas;
  /** The largest body that the event store takes with its headers; a larger one is put aside. */
  readonly inlineMaxBytes: () => number;
}

const NOTHING = new Uint8Array();

export function eventPublisher(dependencies: PublisherDependencies, limits: PublisherLimits): EventPublisher {
  const { js, connected, restore, log, bodies, quotas, inlineMaxBytes } = dependencies;
  let inFlight = 0;
  let inFlightBytes = 0;

  /** The body first, then the event that refers to it: a crash in between leaves bytes that age out, never an event without them. */
  const publishLarge = async ({ tenant, id, headers, body }: Publication): Promise<Published> => {
    if ((await log.storedDigest(tenant, id)) !== undefined) return 'duplicate';
    const digest = headers[EVENT_HEADERS.digest] ?? sha256(body);
    await bodies.put(tenant, digest, body);
    const attributes = { ...headers, ...bodyElsewhere(id, { digest, size: body.length }) };
    return publishSmall({ tenant, id, headers: attributes, body: NOTHING });
  };

  const publishSmall = async ({ tenant, id, headers, body }: Publication): Promise<Published> => {
    const subject = eventSubject(tenant, id);
    const room = quotas.reserve(tenant, storedBytes(subject, headers, body.length));
    try {
      await js.publish(subject, body, { headers: toNatsHeaders(headers), timeout: limits.timeoutMs });
      room.stored();
      return 'accepted';
    } catch (error) {
      if (isSubjectTaken(error)) return 'duplicate';
      throw error;
    } finally {
      room.release();
    }
  };

  return {
    inFlight: () => inFlight,
    async publish(publication) {
      const { body } = publication;
      if (!connected()) throw unavailable('the event store is away', limits);
      if (inFlight >= limits.inFlightMax || inFlightBytes + body.length > limits.inFlightMaxBytes) {
        throw unavailable('too many events are being stored', limits);
      }
      inFlight += 1;
      inFlightBytes += body.length;
      try {
        return await (body.length > inlineMaxBytes() ? publishLarge(publication) : publishSmall(publication));
      } catch (error) {
        if (error instanceof OverQuota) throw error;
        if (isStreamMissing(error)) void restore();
        throw unavailable('the event could not be stored', limits, error);
      } finally {
        inFlight -= 1;
        inFlightBytes -= body.length;
      }
    },
  };
}

/** Whether a delivery with the same id as a stored event carries other bytes. False where the stored one cannot be read. */
export async function isConflict(log: EventLog, { tenant, id, headers }: Publication): Promise<boolean> {
  const stored = await log.storedDigest(tenant, id);
  return stored !== undefined && stored !== headers[EVENT_HEADERS.digest];
}

function toNatsHeaders(values: Readonly<Record<string, string>>) {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}

function unavailable(message: string, { retryAfterSeconds }: PublisherLimits, cause?: unknown): HoldpointError {
  return new HoldpointError('DEPENDENCY_UNAVAILABLE', message, { retry_after_seconds: retryAfterSeconds }, { cause });
}
