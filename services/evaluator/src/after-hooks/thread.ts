import { runAfter } from '@holdpoint/hooks/run-after';
import { serveHooks } from '@holdpoint/hooks/serve-hooks';
import { frozenCopy } from '@holdpoint/policy/decide/frozen';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { OutcomeFacts } from './after-action-hooks.ts';

/** The thread in which one tenant's `after` hooks on actions run. */
await serveHooks<ActionHook, OutcomeFacts>({
  listed: ({ actions }) => actions,
  run: ([hook], { facts, attempt }, _, running) =>
    runAfter(hook as ActionHook, frozenCopy(facts.outcome), attempt, running),
});
