import type { ScoredLine } from '@holdpoint/policy/scored-line';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { Metrics } from '@holdpoint/shared/runtime/metrics';

/** Counts what `before` hooks on actions did, and says which failed: one that may be passed over shows in no decision. */
export interface HookNotes {
  take(tenant: string, lines: readonly ScoredLine[]): void;
}

export function createHookNotes(metrics: Metrics, logger: Logger): HookNotes {
  const labels = ['tenant', 'hook', 'phase', 'result'] as const;
  const runs = metrics.counter('hook_runs_total', 'Runs of hooks by result', labels);
  return {
    take(tenant, lines) {
      for (const { connector, tool, hooks = [] } of lines) {
        for (const { hook, result, reason } of hooks) {
          runs.inc({ tenant, hook, phase: 'before', result });
          if (result === 'failed') logger.warn({ tenant, hook, connector, tool, reason }, 'a hook on actions failed');
        }
      }
    },
  };
}
