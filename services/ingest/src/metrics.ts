import { type CountHookRun, hookMetrics } from '@holdpoint/hooks/hook-metrics';
import type { Metrics } from '@holdpoint/shared/runtime/metrics';

/** `dead`: a batch with an item that is no event. `incomplete`: its body did not arrive whole. */
export type DeliveryResult =
  | 'accepted'
  | 'duplicate'
  | 'filtered'
  | 'rejected'
  | 'dead'
  | 'handshake'
  | 'refused'
  | 'too_large'
  | 'incomplete'
  | 'forbidden'
  | 'rate_limited'
  | 'over_quota'
  | 'unavailable';

export interface IngestMetrics {
  readonly shared: Metrics;
  delivery(source: { readonly tenant: string; readonly id: string }, result: DeliveryResult): void;
  /** Not by name: whoever guesses names would make a series of each guess. */
  unknownSource(): void;
  conflict(source: { readonly tenant: string; readonly id: string }): void;
  inFlight(count: () => number): void;
  bodyBytes(count: () => number): void;
  readonly hookRun: CountHookRun;
  quota(tenant: string, usedBytes: number, maxBytes: number): void;
}

export function ingestMetrics(shared: Metrics): IngestMetrics {
  const labels = ['tenant', 'source', 'result'] as const;
  const deliveries = shared.counter('deliveries_total', 'Webhook deliveries by source and result', labels);
  const unknown = shared.counter('deliveries_unknown_source_total', 'Deliveries to sources that do not exist');
  const conflicts = shared.counter('delivery_conflict_total', 'Deliveries that repeated an id with another body', [
    'tenant',
    'source',
  ]);
  const quotaUsed = shared.gauge('tenant_quota_used_bytes', 'What a tenant put into the event store', ['tenant']);
  const quotaMax = shared.gauge('tenant_quota_max_bytes', 'What a tenant may put into the event store', ['tenant']);
  return {
    shared,
    quota(tenant, usedBytes, maxBytes) {
      quotaUsed.set({ tenant }, usedBytes);
      quotaMax.set({ tenant }, maxBytes);
    },
    delivery: ({ tenant, id }, result) => deliveries.inc({ tenant, source: id, result }),
    unknownSource: () => unknown.inc(),
    conflict: ({ tenant, id }) => conflicts.inc({ tenant, source: id }),
    bodyBytes: (count) => void shared.gauge('bodies_held_bytes', 'Bodies being read or answered', [], count),
    inFlight: (count) => void shared.gauge('publishes_in_flight', 'Events on their way into the stream', [], count),
    hookRun: hookMetrics(shared),
  };
}
