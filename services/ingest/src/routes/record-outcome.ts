import type { FastifyRequest } from 'fastify';
import type { IngestContext } from '../context.ts';
import type { DeliveryResult } from '../metrics.ts';
import type { Source } from '../source-registry.ts';

export interface Outcome {
  readonly source: Source;
  readonly request: FastifyRequest;
  readonly result: DeliveryResult;
}

/** How a delivery ended, however far it came: counted, and held for or against where it came from. */
export function recordOutcome({ metrics, admission }: IngestContext, { source, request, result }: Outcome): void {
  metrics.delivery(source, result);
  const shown = SHOWN[result];
  if (shown === 'honest') admission.verified(source, request.ip);
  if (shown === 'doubtful') admission.refused(source, request.ip);
}

/** What a result shows of its sender. */
const SHOWN = {
  accepted: 'honest',
  duplicate: 'honest',
  filtered: 'honest',
  rejected: 'honest',
  dead: 'honest',
  handshake: 'honest',
  refused: 'doubtful',
  too_large: 'doubtful',
  incomplete: 'doubtful',
  forbidden: 'nothing',
  rate_limited: 'nothing',
  over_quota: 'nothing',
  unavailable: 'nothing',
} as const satisfies Record<DeliveryResult, 'honest' | 'doubtful' | 'nothing'>;
