import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { FastifyRequest } from 'fastify';
import type { IngestContext } from '../context.ts';
import type { DeliveryResult } from '../metrics.ts';
import { NotAdmitted } from '../protection/admission.ts';
import { OverQuota } from '../protection/tenant-quotas.ts';
import { DeliveryRefused } from '../receive-delivery.ts';
import type { Ended } from '../source-health.ts';
import type { Source } from '../source-registry.ts';

export interface Outcome extends Ended {
  readonly source: Source;
  readonly request: FastifyRequest;
}

/** How a delivery ended, however far it came: counted, and held for or against where it came from. */
export function recordOutcome({ metrics, health, admission, clock }: IngestContext, outcome: Outcome): void {
  const { source, request, result } = outcome;
  metrics.delivery(source, result);
  health.note(source, outcome, clock());
  const shown = SHOWN[result];
  if (shown === 'honest') admission.verified(source, request.ip);
  if (shown === 'doubtful') admission.refused(source, request.ip);
}

/** What a delivery was that ended in an error. */
export function failureOf(error: unknown): DeliveryResult {
  if (error instanceof NotAdmitted) return error.result;
  if (error instanceof DeliveryRefused) return 'refused';
  if (error instanceof OverQuota) return 'over_quota';
  const code = error instanceof HoldpointError ? error.code : undefined;
  if (code === 'EVENT_REJECTED') return 'rejected';
  if (code === 'PAYLOAD_TOO_LARGE') return 'too_large';
  return code === 'INVALID_REQUEST' ? 'incomplete' : 'unavailable';
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
