import type { Metrics } from '@holdpoint/shared/runtime/metrics';
import type { Phase } from './protocol.ts';

/** Counts one run of a hook, and its time where that is known. */
export type CountHookRun = (
  tenant: string,
  phase: Phase,
  run: { readonly hook: string; readonly result: string; readonly ms?: number },
) => void;

export function hookMetrics(metrics: Metrics): CountHookRun {
  const ofHooks = ['tenant', 'hook', 'phase'] as const;
  const runs = metrics.counter('hook_runs_total', 'Runs of hooks by result', [...ofHooks, 'result']);
  const seconds = metrics.histogram('hook_seconds', 'How long runs of hooks took', ofHooks);
  return (tenant, phase, { hook, result, ms }) => {
    runs.inc({ tenant, hook, phase, result });
    if (ms !== undefined) seconds.observe({ tenant, hook, phase }, ms / 1_000);
  };
}
