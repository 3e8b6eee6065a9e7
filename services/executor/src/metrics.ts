import type { Metrics } from '@holdpoint/shared/runtime/metrics';

const AGES_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

export function executorMetrics(metrics: Metrics) {
  return {
    all: metrics,
    effects: metrics.counter('effects_total', 'Attempts by how they ended', ['connector', 'tool', 'outcome']),
    callSeconds: metrics.histogram('call_seconds', 'How long connectors took', ['connector', 'tool'], AGES_SECONDS),
    flushSeconds: metrics.histogram('flush_seconds', 'How long one flush to Postgres took'),
    flushItems: metrics.histogram('flush_items', 'Drains that one flush served', [], [1, 2, 5, 10, 20, 50, 100, 200]),
    claims: metrics.counter('claims_total', 'Looks at lanes by what was found', ['verdict']),
    fenced: metrics.counter('fenced_total', 'Answers that came after their attempt had been given to another', [
      'connector',
      'tool',
    ]),
    strayErrors: metrics.counter('stray_errors_total', 'Errors that connectors left behind and nobody caught', [
      'connector',
    ]),
    afterFailures: metrics.counter(
      'after_failures_total',
      "Failures of connectors' own `after`, which change no outcome",
      ['connector', 'tool'],
    ),
    circuit: metrics.gauge('connector_circuit', 'Circuit of each connector: 1 for the state that it is in', [
      'connector',
      'state',
    ]),
    oldestHead: metrics.gauge('oldest_head_seconds', 'How long the oldest head of a lane has waited, and why', [
      'connector',
      'why',
    ]),
    heldBack: metrics.counter('held_back_total', 'Drains and reads that went back without a claim', [
      'connector',
      'why',
    ]),
    settled: metrics.counter('dead_attempts_total', 'Attempts of dead workers by what became of them', ['to']),
    rung: metrics.counter('doorbells_total', 'Doorbells rung', ['by']),
  };
}
export type ExecutorMetrics = ReturnType<typeof executorMetrics>;
