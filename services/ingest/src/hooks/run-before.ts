import { callHook } from '@holdpoint/hooks/call-hook';
import type { Run } from '@holdpoint/hooks/protocol';
import type { Ran, Running } from '@holdpoint/hooks/run-after';
import type { WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { HookEvent } from '@holdpoint/shared/workspace/webhook-hook';
import { type Annotated, mergeAnnotations, readBeforeAnswer } from '../core/before-answer.ts';

/**
 * Asks the hooks one after another. The first that filters or rejects ends it, and so does one that fails and is critical;
 * one that is not passes.
 */
export async function runBefore(hooks: readonly WebhookHook[], event: HookEvent, running: Running): Promise<Ran> {
  const runs: Run[] = [];
  let annotations: Annotated = {};
  for (const [index, hook] of hooks.entries()) {
    const { said, run } = await askBefore(hook, event, annotations, running, index);
    runs.push(run);
    if (said.kind === 'pass') annotations = said.annotations;
    else if (said.kind !== 'failed') return { runs, outcome: { kind: said.kind, hook: hook.id, reason: said.reason } };
    else if (hook.critical) return { runs, outcome: { kind: 'failed', hook: hook.id, reason: said.reason } };
  }
  return { runs, outcome: { kind: 'pass', annotations } };
}

type Said =
  | { readonly kind: 'pass'; readonly annotations: Annotated }
  | { readonly kind: 'filter' | 'reject' | 'failed'; readonly reason: string };

async function askBefore(
  hook: WebhookHook,
  event: HookEvent,
  known: Annotated,
  running: Running,
  index: number,
): Promise<{ readonly said: Said; readonly run: Run }> {
  const { id, timeoutMs } = hook;
  const watch = running.watch(index);
  const log = running.log(id);
  const called = await callHook((signal) => hook.before?.(event, Object.freeze({ log, signal })), { timeoutMs, watch });
  const { ms } = called;
  const failed = (result: Run['result'], reason: string) => ({
    said: { kind: 'failed', reason } as const,
    run: { hook: id, result, ms, reason },
  });
  if (!called.ok) return failed(called.result, called.reason);
  const verdict = watch(() => readBeforeAnswer(called.value));
  if (verdict.kind === 'invalid') return failed('invalid', verdict.reason);
  const run = { hook: id, result: verdict.kind, ms } as const;
  if (verdict.kind !== 'pass') return { said: verdict, run };
  const annotations = mergeAnnotations(known, verdict.annotations);
  if (!annotations) return failed('invalid', 'too many annotations, or too long ones');
  return { said: { kind: 'pass', annotations }, run };
}
