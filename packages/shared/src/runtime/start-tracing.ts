import { noTracing, type Tracing, type TracingOptions } from './tracing.ts';

/** One a service. Without an endpoint nothing is recorded, and nothing of OpenTelemetry is even loaded. */
export async function startTracing(
  options: Omit<TracingOptions, 'endpoint'> & { readonly endpoint: string | undefined },
): Promise<Tracing> {
  const { endpoint } = options;
  if (endpoint === undefined) return noTracing;
  const { exportTraces } = await import('./tracing-otlp.ts');
  return exportTraces({ ...options, endpoint });
}
