import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  /** Names are prefixed with `holdpoint_`. The same name again gives the same metric. */
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[], collect?: () => number): Gauge<L>;
  /** In seconds unless `buckets` says otherwise. */
  histogram<L extends string>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
}

const PREFIX = 'holdpoint_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** A registry of its own: several services live in one process in tests, and prom-client's global one would mix them. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });

  function once<M>(name: string, create: (fullName: string) => M): M {
    const fullName = PREFIX + name;
    return (registry.getSingleMetric(fullName) as M | undefined) ?? create(fullName);
  }

  return {
    registry,
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      once(name, (fullName) => new Counter<L>({ name: fullName, help, labelNames: labels, registers: [registry] })),
    gauge: <L extends string>(name: string, help: string, labels: readonly L[] = [], collect?: () => number) =>
      once(
        name,
        (fullName) =>
          new Gauge<L>({
            name: fullName,
            help,
            labelNames: labels,
            registers: [registry],
            ...(collect && {
              collect() {
                this.set(collect());
              },
            }),
          }),
      ),
    histogram: <L extends string>(
      name: string,
      help: string,
      labels: readonly L[] = [],
      buckets: readonly number[] = SECONDS,
    ) =>
      once(
        name,
        (fullName) =>
          new Histogram<L>({ name: fullName, help, labelNames: labels, buckets: [...buckets], registers: [registry] }),
      ),
  };
}
