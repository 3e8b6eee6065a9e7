import type { HookEntities } from '@holdpoint/hooks/hook-entities';
import { type HookLane, startHookLane } from '@holdpoint/hooks/hook-lane';
import type { CountHookRun } from '@holdpoint/hooks/hook-metrics';
import type { Facts, Summary } from '@holdpoint/hooks/protocol';
import type { AfterHook } from '@holdpoint/hooks/run-after-hooks';
import { startTenants } from '@holdpoint/hooks/start-tenants';
import { afterActionConsumer } from '@holdpoint/shared/messages/consumers';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ActionOutcome } from '@holdpoint/shared/workspace/action-hook';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { runForOutcomes } from './run-for-outcomes.ts';

/** An action's outcome on its way to the thread. */
export interface OutcomeFacts extends Facts {
  readonly outcome: ActionOutcome;
}

/** Every tenant's `after` hooks on actions, loaded. */
export interface AfterActionHooks {
  readonly hooks: readonly AfterHook[];
  stop(): Promise<unknown>;
}

interface AfterActionHooksOptions {
  /** Those that have any. */
  readonly tenants: readonly string[];
  readonly workspaceDir: string;
  readonly countRun: CountHookRun;
  readonly entities: HookEntities;
  readonly logger: Logger;
}

type OutcomeLane = HookLane<Summary<ActionHook>, OutcomeFacts>;

/** Waiting for a thread's time, on top of its own. */
const WAIT_MAX_MS = 30_000;

/** Loads them, each tenant's in a thread of its own. @throws WorkspaceError with all that is wrong */
export async function startAfterActionHooks(options: AfterActionHooksOptions): Promise<AfterActionHooks> {
  const started = await startTenants(options.tenants, (tenant) => startTenant(tenant, options));
  return {
    hooks: [...started.values()].flatMap(({ hooks }) => hooks),
    stop: () => Promise.all([...started.values()].map((one) => one.stop())),
  };
}

async function startTenant(
  tenant: string,
  { workspaceDir, countRun, entities, logger }: AfterActionHooksOptions,
): Promise<AfterActionHooks> {
  const lane: OutcomeLane = await startHookLane({
    workspaceDir,
    tenant,
    phase: 'after',
    program: new URL('./thread.ts', import.meta.url),
    entities,
    logger,
    idField: 'action_id',
    onRun: (run) => countRun(tenant, 'after', run),
  });
  const hooks = lane.loaded.hooks.filter((hook) => hook.after).map((hook) => toAfterHook(tenant, hook, lane));
  return { hooks, stop: () => lane.stop() };
}

function toAfterHook(tenant: string, hook: Summary<ActionHook>, lane: OutcomeLane): AfterHook {
  const answerMaxMs = hook.afterTimeoutMs + WAIT_MAX_MS;
  const run = runForOutcomes(hook, (outcome, attempt) =>
    lane.ask({ hooks: [hook], facts: { id: outcome.action_id, outcome }, body: null, attempt, answerMaxMs }),
  );
  return { tenant, hook, consumer: afterActionConsumer(tenant, hook.id, hook.operator), run };
}
