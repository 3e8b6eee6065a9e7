import type { Logger } from '@holdpoint/shared/runtime/logger';
import type { ConnectorContext, ConnectorKv, ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import type { EntityDb } from '@holdpoint/shared/workspace/entity-db';
import type { TenantConnector } from '@holdpoint/shared/workspace/tenant-connectors';
import type { Dispatcher } from 'undici';
import { credentialsOf } from './connector-credentials.ts';
import { createConnectorLog } from './connector-log.ts';
import type { Reach } from './connector-network.ts';
import { type ConnectorScope, inConnector, STRAY } from './connector-scope.ts';
import type { CallEnd } from './core/call-end.ts';
import type { CallSecrets } from './core/call-secrets.ts';
import { classifyFailure } from './core/classify-failure.ts';
import { createSentProof } from './sent-proof.ts';
import { trackFetch } from './tracked-fetch.ts';
import { trackSocket } from './tracked-socket.ts';

/** What a call is made for. */
export interface CalledAction {
  readonly id: string;
  readonly tenant: string;
  readonly connector: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
  /** Counts this one. */
  readonly attempts: number;
}

export interface Call {
  readonly action: CalledAction;
  /** Do it, ask whether an earlier attempt has, or see to the result of one that has. */
  readonly part: 'run' | 'reconcile' | 'after';
  /** What `after` sees to. */
  readonly result?: unknown;
  readonly runner: ConnectorRunner;
  readonly given: TenantConnector | undefined;
  readonly timeoutMs: number;
  /** The right to send, asked before every send. */
  readonly lease: { held(): boolean };
  /** Aborts when the process may wait no longer. */
  readonly abandon: AbortSignal;
  readonly kv: ConnectorKv;
  /** Of the connector's own entities. */
  readonly db: EntityDb;
  /** The connections that it may use. */
  readonly pool: Dispatcher;
  /** Where it may connect to by itself: as its pool. */
  readonly reach: Reach;
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
  const proof = createSentProof();
  const mayStillSend = () => {
    if (!lease.held()) throw new CalledOff('the worker lost its lease before sending');
  };
  const limits = { signal: controller.signal, mayStillSend, proof };
  const fetches = trackFetch({ ...limits, pool: call.pool });
  const sockets = trackSocket({ ...limits, reach: call.reach });
  let restMs = 0;
  const told = (end: CallEnd): CallEnd => (restMs > 0 ? { ...end, restMs } : end);
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  });
  aborted.catch(() => {});
  try {
    // The last look before the send: a process that slept may have been judged dead meanwhile.
    if (!lease.held()) return { kind: 'not_sent', message: 'the worker lost its lease before the call' };
    const ctx = connectorContext(call, {
      signal: controller.signal,
      fetch: fetches.fetch,
      connect: sockets.connect,
      rest(seconds) {
        restMs = Math.max(restMs, seconds * 1000 || 0);
      },
    });
    const given = part === 'after' ? [call.result, action.args] : [action.args];
    const running = inConnector(scopeOf(call, ctx), async () => run(...([...given, ctx] as never[])));
    running.catch(() => {});
    return told({ kind: 'answered', result: await Promise.race([running, aborted]) });
  } catch (error) {
    // Whatever a call says after it was called off, what it did is unknown.
    if (controller.signal.aborted) return told(classifyFailure(controller.signal.reason, { notSent: false }));
    const refusal = proof.refusal(error);
    if (refusal) return { kind: 'refused', message: refusal.message };
    return told(classifyFailure(error, { notSent: proof.provesNotSent(error) }));
  } finally {
    fetches.end();
    sockets.end();
    clearTimeout(timer);
    abandon.removeEventListener('abort', leave);
  }
}

/** Whether a tool's connector can say if an attempt happened. */
export function canAsk(runner: ConnectorRunner | undefined, tool: string): boolean {
  return runner !== undefined && partOf(runner, 'reconcile', tool) !== undefined;
}

/** Whether anything is to be made of a tool's result. */
export function hasAfter(runner: ConnectorRunner, tool: string): boolean {
  return partOf(runner, 'after', tool) !== undefined;
}

type Part = (...given: never[]) => unknown;

function partOf(runner: ConnectorRunner, part: Call['part'], tool: string): Part | undefined {
  const functions: Readonly<Record<string, Part>> = runner[part] ?? {};
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

function connectorContext(
  { action, given, kv, db, logger, secrets }: Call,
  limited: Pick<ConnectorContext, 'signal' | 'fetch' | 'connect' | 'rest'>,
): ConnectorContext {
  return {
    tenant: action.tenant,
    entityKey: action.entity_key,
    idempotencyKey: action.idempotency_key,
    actionId: action.id,
    attempt: action.attempts,
    log: createConnectorLog(logger, secrets),
    config: given?.config ?? {},
    secret: credentialsOf(action.tenant, action.connector, given),
    kv,
    db,
    ...limited,
  };
}
