import type { HookEntities } from '@holdpoint/hooks/hook-entities';
import { type HookLane, startHookLane } from '@holdpoint/hooks/hook-lane';
import type { Outcome, Phase } from '@holdpoint/hooks/protocol';
import type { AfterHook } from '@holdpoint/hooks/run-after-hooks';
import { startTenants } from '@holdpoint/hooks/start-tenants';
import { inOrder } from '@holdpoint/policy/compile/hook-order';
import { afterHookConsumer } from '@holdpoint/shared/messages/consumers';
import { readEventMessage } from '@holdpoint/shared/messages/event-message';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { hooksFile, listTenantsWithHooks } from '@holdpoint/shared/workspace/tenant-hooks';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { JsMsg } from '@nats-io/jetstream';
import { isFor } from '../core/matching-hooks.ts';
import type { IngestMetrics } from '../metrics.ts';
import type { SourceRegistry } from '../source-registry.ts';
import type { EventFacts, WebhookSummary } from './event-facts.ts';

/** Every tenant's hooks, loaded and at work. */
export interface TenantHooks {
  /** Whether the tenant has any that are asked before an event is published. */
  asks(tenant: string): boolean;
  /** Those to be asked about an event, in their order. */
  matching(event: {
    readonly tenant: string;
    readonly source: string;
    readonly type: string;
  }): readonly WebhookSummary[];
  askBefore(hooks: readonly WebhookSummary[], event: EventFacts, body: Uint8Array): Promise<Outcome>;
  readonly after: readonly AfterHook[];
  stop(): Promise<unknown>;
}

interface TenantHooksOptions {
  readonly workspaceDir: string;
  readonly sources: SourceRegistry;
  readonly metrics: IngestMetrics;
  /** For `after` hooks. */
  readonly entities: HookEntities;
  readonly logger: Logger;
}

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
  const started = await startTenants(tenants, (tenant) => startLanes(tenant, options));
  return {
    asks: (tenant) => started.get(tenant)?.before !== undefined,
    matching: (event) => started.get(event.tenant)?.beforeHooks.filter((hook) => isFor(hook, event)) ?? [],
    async askBefore(hooks, facts, body) {
      const lane = started.get(facts.tenant)?.before;
      if (!lane) return { kind: 'pass', annotations: {} };
      return lane.ask({ hooks, facts, body: small(body), attempt: 1, answerMaxMs: BEFORE_MAX_MS });
    },
    after: [...started].flatMap(([tenant, { after }]) => (after ? afterHooks(tenant, after) : [])),
    stop: () => Promise.all([...started.values()].map((lanes) => lanes.stop())),
  };
}

type WebhookLane = HookLane<WebhookSummary, EventFacts>;

interface Lanes {
  readonly before: WebhookLane | undefined;
  readonly beforeHooks: readonly WebhookSummary[];
  readonly after: WebhookLane | undefined;
  stop(): Promise<unknown>;
}

/** One for each phase that has hooks: what comes after an event may take its time, and must not keep the next one outside. */
async function startLanes(tenant: string, options: TenantHooksOptions): Promise<Lanes> {
  const { workspaceDir, metrics, entities, logger, sources } = options;
  const start = (phase: Phase) =>
    startHookLane<WebhookSummary, EventFacts>({
      workspaceDir,
      tenant,
      phase,
      program: new URL('./thread.ts', import.meta.url),
      entities,
      logger,
      idField: 'event_id',
      onRun: (run) => metrics.hookRun(tenant, phase, run),
    });
  const before = await start('before');
  const { hooks } = before.loaded;
  const beforeHooks = inOrder(hooks.filter((hook) => hook.before));
  try {
    refuseUnknownSources(tenant, hooks, sources);
    const after = hooks.some((hook) => hook.after) ? await start('after') : undefined;
    const stop = () => Promise.all([before.stop(), after?.stop()]);
    if (beforeHooks.length > 0) return { before, beforeHooks, after, stop };
    await before.stop();
    return { before: undefined, beforeHooks, after, stop };
  } catch (error) {
    await before.stop();
    throw error;
  }
}

function refuseUnknownSources(tenant: string, hooks: readonly WebhookSummary[], sources: SourceRegistry): void {
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

function afterHooks(tenant: string, lane: WebhookLane): AfterHook[] {
  return lane.loaded.hooks
    .filter((hook) => hook.after)
    .map((hook) => ({
      tenant,
      hook,
      consumer: afterHookConsumer(tenant, hook.id, hook.source),
      async run(message, attempt) {
        const facts = factsOf(message);
        if (!isFor(hook, facts)) return undefined;
        const answerMaxMs = hook.afterTimeoutMs + AFTER_WAIT_MAX_MS;
        return lane.ask({ hooks: [hook], facts, body: small(message.data), attempt, answerMaxMs });
      },
    }));
}

function factsOf(message: JsMsg): EventFacts {
  // The payload is parsed where the hook runs.
  const { data: _, dataRef: __, ...event } = readEventMessage(message, 0);
  return {
    ...event,
    time: event.time ?? '',
    subject: event.subject ?? null,
    deliveryId: event.deliveryId ?? null,
    annotations: event.annotations ?? {},
  };
}

const small = (body: Uint8Array): Uint8Array | null => (body.length > DATA_MAX_BYTES ? null : body);
