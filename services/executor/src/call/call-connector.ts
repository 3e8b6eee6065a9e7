import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorContext, ConnectorKv, ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import type { TenantConnector } from '@holdpoint/shared/workspace/tenant-connectors';
import type { Dispatcher } from 'undici';
import type { CallSecrets } from '../core/call-secrets.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import { classifyFailure } from '../core/classify-failure.ts';
import type { CallEnd } from '../core/end-attempt.ts';
import type { Lease } from '../worker/lease.ts';
import { credentialsOf } from './connector-credentials.ts';
import { createConnectorLog } from './connector-log.ts';
import { type ConnectorScope, inConnector, STRAY } from './connector-scope.ts';
import { trackFetch } from './tracked-fetch.ts';

export interface Call {
  readonly action: ClaimedAction;
  /** Do it, or ask whether an earlier attempt has. */
  readonly part: 'run' | 'reconcile';
  readonly runner: ConnectorRunner;
  readonly given: TenantConnector | undefined;
  readonly timeoutMs: number;
  readonly lease: Lease;
  /** Aborts when the process may wait no longer. */
  readonly abandon: AbortSignal;
  readonly kv: ConnectorKv;
  /** The connections that it may use. */
  readonly pool: Dispatcher;
  readonly logger: Logger;
  readonly secrets: CallSecrets;
  /** Something that the call left behind has failed; said through its log already. */
  readonly onStray: () => void;
}

/** Why a call was called off: what it did is unknown. */
class CalledOff extends Error {
  override readonly name = 'CalledOff';
}

/**
 * Calls the user's code for one claimed action. Its intent is durable before this, so that nothing is sent that no row knows
 * of. Never throws and always ends: a call that ignores its signal is left behind, and counts as unknown. A lease that is lost
 * during a call lets nothing more be sent, but ends no call: nobody judges it before its time is up, and an outage of the
 * database must not make all that is in flight unknown.
 */
export async function callConnector(call: Call): Promise<CallEnd> {
  const { action, part, runner, timeoutMs, lease, abandon } = call;
  const run = partOf(runner, part, action.tool);
  if (!run) return { kind: 'refused', message: `connector ${action.connector} has no tool ${action.tool}` };
  if (abandon.aborted) return { kind: 'not_sent', message: 'the worker was stopped before the call' };

  const controller = new AbortController();
  const callOff = (why: string) => controller.abort(new CalledOff(why));
  const timer = setTimeout(callOff, timeoutMs, `no answer within ${timeoutMs} ms`);
  const leave = () => callOff('the worker was stopped during the call');
  abandon.addEventListener('abort', leave);
  const tracked = trackFetch({
    signal: controller.signal,
    pool: call.pool,
    mayStillSend() {
      if (!lease.held()) throw new CalledOff('the worker lost its lease before sending');
    },
  });
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  });
  aborted.catch(() => {});
  try {
    // The last look before the send: a process that slept may have been judged dead meanwhile.
    if (!lease.held()) return { kind: 'not_sent', message: 'the worker lost its lease before the call' };
    const ctx = connectorContext(call, controller.signal, tracked.fetch);
    const running = inConnector(scopeOf(call, ctx), async () => run(action.args as never, ctx));
    running.catch(() => {});
    return { kind: 'answered', result: await Promise.race([running, aborted]) };
  } catch (error) {
    // Whatever a call says after it was called off, what it did is unknown.
    if (controller.signal.aborted) return classifyFailure(controller.signal.reason, { notSent: false });
    const refusal = tracked.refusal(error);
    if (refusal) return { kind: 'refused', message: refusal.message };
    return classifyFailure(error, { notSent: tracked.provesNotSent(error) });
  } finally {
    tracked.end();
    clearTimeout(timer);
    abandon.removeEventListener('abort', leave);
  }
}

/** Whether a tool's connector can say if an attempt happened. */
export function canAsk(runner: ConnectorRunner | undefined, tool: string): boolean {
  return runner !== undefined && partOf(runner, 'reconcile', tool) !== undefined;
}

function partOf(runner: ConnectorRunner, part: Call['part'], tool: string) {
  const functions = runner[part] ?? {};
  return Object.hasOwn(functions, tool) ? functions[tool] : undefined;
}

function scopeOf({ action, onStray }: Call, { log }: ConnectorContext): ConnectorScope {
  return {
    connector: action.connector,
    onStray(err) {
      onStray();
      log.error({ err }, STRAY);
    },
  };
}

function connectorContext(call: Call, signal: AbortSignal, fetch: typeof globalThis.fetch): ConnectorContext {
  const { action, given, kv, logger, secrets } = call;
  return {
    tenant: action.tenant,
    entityKey: action.entity_key,
    idempotencyKey: action.idempotency_key,
    actionId: action.id,
    attempt: action.attempts,
    signal,
    log: createConnectorLog(logger, secrets),
    config: given?.config ?? {},
    secret: credentialsOf(action.tenant, action.connector, given),
    fetch,
    kv,
  };
}
