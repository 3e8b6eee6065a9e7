import type { Logger } from '@holdpoint/shared/runtime/logger';
import { hooksFile, listTenantsWithHooks } from '@holdpoint/shared/workspace/tenant-hooks';
import { allOrIssues, WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { inOrder, isFor } from '../core/matching-hooks.ts';
import type { IngestMetrics } from '../metrics.ts';
import type { SourceRegistry } from '../source-registry.ts';
import { type HookLane, startHookLane } from './hook-lane.ts';
import type { EventFacts, HookSummary, Outcome, Phase } from './protocol.ts';

/** Every tenant's hooks, loaded and at work. */
export interface TenantHooks {
  /** Whether the tenant has any that are asked before an event is published. */
  asks(tenant: string): boolean;
  /** Those to be asked about an event, in their order. */
  matching(event: { readonly tenant: string; readonly source: string; readonly type: string }): readonly HookSummary[];
  askBefore(hooks: readonly HookSummary[], event: EventFacts, body: Uint8Array): Promise<Outcome>;
  readonly after: readonly AfterHook[];
  stop(): Promise<unknown>;
}

export interface AfterHook {
  readonly tenant: string;
  readonly hook: HookSummary;
  run(event: EventFacts, body: Uint8Array, attempt: number): Promise<Outcome>;
}

interface TenantHooksOptions {
  readonly workspaceDir: string;
  readonly sources: SourceRegistry;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
}

/** Each has up to two threads, of some 30 MiB. */
const TENANTS_MAX = 50;
/** Started at a time. */
const STARTS_MAX = 4;
/** A payload up to here is parsed for its hooks. */
const DATA_MAX_BYTES = 256 * 1024;
/** Of all `before` hooks of one event, waiting included: providers give up after 5 to 10 s. */
const BEFORE_MAX_MS = 4_000;
/** Waiting for a thread's time, on top of its own. */
const AFTER_WAIT_MAX_MS = 30_000;

/**
 * Loads the hooks of every tenant that has any, each tenant's in threads of its own: a loop in one's code is nobody else's
 * trouble, and no tenant's code sees another's events. @throws WorkspaceError with all that is wrong
 */
export async function startTenantHooks(options: TenantHooksOptions): Promise<TenantHooks> {
  const tenants = await listTenantsWithHooks(options.workspaceDir);
  if (tenants.length > TENANTS_MAX) {
    const reason = `${tenants.length} tenants have hooks; at most ${TENANTS_MAX}`;
    throw new WorkspaceError([{ file: 'tenants', path: '', reason }]);
  }
  const started = new Map<string, Lanes>();
  const stop = () => Promise.all([...started.values()].flatMap(({ before, after }) => [before?.stop(), after?.stop()]));
  try {
    for (let from = 0; from < tenants.length; from += STARTS_MAX) {
      const some = tenants.slice(from, from + STARTS_MAX);
      await allOrIssues(some.map(async (tenant) => started.set(tenant, await startLanes(tenant, options))));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    asks: (tenant) => started.get(tenant)?.before !== undefined,
    matching: (event) => started.get(event.tenant)?.beforeHooks.filter((hook) => isFor(hook, event)) ?? [],
    async askBefore(hooks, event, body) {
      const lane = started.get(event.tenant)?.before;
      if (!lane) return { kind: 'pass', annotations: {} };
      return lane.ask({ hooks, event, body: small(body), attempt: 1, answerMaxMs: BEFORE_MAX_MS });
    },
    after: [...started].flatMap(([tenant, { after }]) => (after ? afterHooks(tenant, after) : [])),
    stop,
  };
}

interface Lanes {
  readonly before: HookLane | undefined;
  readonly beforeHooks: readonly HookSummary[];
  readonly after: HookLane | undefined;
}

/** One for each phase that has hooks: what comes after an event may take its time, and must not keep the next one outside. */
async function startLanes(tenant: string, options: TenantHooksOptions): Promise<Lanes> {
  const { workspaceDir, metrics, logger, sources } = options;
  const start = (phase: Phase) =>
    startHookLane({
      workspaceDir,
      tenant,
      phase,
      logger,
      onRun: (run) => metrics.hookRun(tenant, phase, run),
    });
  const before = await start('before');
  const { hooks } = before.loaded;
  const beforeHooks = inOrder(hooks.filter((hook) => hook.before));
  try {
    refuseUnknownSources(tenant, hooks, sources);
    const after = hooks.some((hook) => hook.after) ? await start('after') : undefined;
    if (beforeHooks.length > 0) return { before, beforeHooks, after };
    await before.stop();
    return { before: undefined, beforeHooks, after };
  } catch (error) {
    await before.stop();
    throw error;
  }
}

function refuseUnknownSources(tenant: string, hooks: readonly HookSummary[], sources: SourceRegistry): void {
  const issues = hooks.flatMap(({ id, source }, index) =>
    source === undefined || sources.find(tenant, source)
      ? []
      : [
          {
            file: hooksFile(tenant),
            path: `webhooks.${index}.source`,
            reason: `${id}: the tenant has no source ${source}`,
          },
        ],
  );
  if (issues.length > 0) throw new WorkspaceError(issues);
}

function afterHooks(tenant: string, lane: HookLane): AfterHook[] {
  return lane.loaded.hooks
    .filter((hook) => hook.after)
    .map((hook) => ({
      tenant,
      hook,
      run: (event, body, attempt) =>
        lane.ask({
          hooks: [hook],
          event,
          body: small(body),
          attempt,
          answerMaxMs: hook.afterTimeoutMs + AFTER_WAIT_MAX_MS,
        }),
    }));
}

const small = (body: Uint8Array): Uint8Array | null => (body.length > DATA_MAX_BYTES ? null : body);
