import type { CountHookRun } from '@holdpoint/hooks/hook-metrics';
import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { Logger } from '@holdpoint/shared/runtime/logger';

/** Counts what `before` hooks on actions did, and says which failed: one that may be passed over shows in no decision. */
export interface HookNotes {
  take(tenant: string, lines: readonly ScoredLine[]): void;
}

export function createHookNotes(countRun: CountHookRun, logger: Logger): HookNotes {
  return {
    take(tenant, lines) {
      for (const { connector, tool, hooks = [] } of lines) {
        for (const { hook, result, reason } of hooks) {
          countRun(tenant, 'before', { hook, result });
          if (result === 'failed') logger.warn({ tenant, hook, connector, tool, reason }, 'a hook on actions failed');
        }
      }
    },
  };
}
