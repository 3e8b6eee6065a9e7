import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventId } from '@holdpoint/shared/domain/ids';
import { EVENT_HEADERS } from '@holdpoint/shared/messages/event-message';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { isStreamMissing, isSubjectTaken } from '../core/publish-refusal.ts';
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
   * may not be. The publish is the dedupe: there is no claim beside it that could be lost.
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
  /** Sets the stream up again where nobody answers for it. */
  readonly restore: () => Promise<void>;
}

export function eventPublisher(
  { js, connected, restore }: PublisherDependencies,
  limits: PublisherLimits,
): EventPublisher {
  let inFlight = 0;
  let inFlightBytes = 0;

  return {
    inFlight: () => inFlight,
    async publish({ tenant, id, headers, body }) {
      if (!connected()) throw unavailable('the event store is away', limits);
      if (inFlight >= limits.inFlightMax || inFlightBytes + body.length > limits.inFlightMaxBytes) {
        throw unavailable('too many events are being stored', limits);
      }
      inFlight += 1;
      inFlightBytes += body.length;
      try {
        const options = { headers: toNatsHeaders(headers), timeout: limits.timeoutMs };
        await js.publish(eventSubject(tenant, id), body, options);
        return 'accepted';
      } catch (error) {
        if (isSubjectTaken(error)) return 'duplicate';
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
