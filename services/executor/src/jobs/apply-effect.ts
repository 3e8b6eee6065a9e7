import { type Call, canAsk } from '@holdpoint/calls/call-connector';
import { callWithAfter } from '@holdpoint/calls/call-with-after';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import { type CallSecrets, callSecrets } from '@holdpoint/calls/core/call-secrets';
import type { RecordedEnd } from '@holdpoint/calls/core/end-attempt';
import { settleDelayMs } from '@holdpoint/calls/core/settlement';
import { storedError, storedResult } from '@holdpoint/calls/core/stored-json';
import { type MadeAttempt, makeAttempt } from '@holdpoint/calls/make-attempt';
import type { Context } from '../context.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import { stillAuthorised } from '../store/still-authorised.ts';
import { createConnectorDb } from '../worker/connector-db.ts';
import { createConnectorKv } from '../worker/connector-kv.ts';
import { traceEffect } from './trace-effect.ts';

/**
 * Calls the connector for a claimed action and says what is to be recorded of it. Never throws: an attempt without an end
 * would be held by this living worker for ever, and no judge would look at it.
 */
export async function applyEffect(context: Context, action: ClaimedAction): Promise<RecordedEnd> {
  try {
    return await attempt(context, action);
  } catch (err) {
    context.logger.error({ err, action_id: action.id }, 'an attempt ended by a fault of ours');
    const error = 'the executor failed during the attempt: it may have happened';
    return { to: action.risk === 'read' ? 'failed' : 'indeterminate', error, attempt: action.attempts };
  }
}

async function attempt(context: Context, action: ClaimedAction): Promise<RecordedEnd> {
  const { connectors, metrics, logger } = context;
  const { connector, tool: toolName, attempts } = action;
  const tool = connectors.tool(connector, toolName);
  const given = connectors.given(action.tenant, connector);
  const secrets = callSecrets(action.args, tool?.secretArgs ?? [], Object.values(given?.credentials ?? {}));
  const startedAt = performance.now();
  const { end, settles } = await ending(context, action, secrets);
  const seconds = (performance.now() - startedAt) / 1000;
  metrics.callSeconds.observe({ connector, tool: toolName }, seconds);
  metrics.effects.inc({ connector, tool: toolName, outcome: end.to === 'queued' ? 'retry' : end.to });
  traceEffect(context, action, end.to, startedAt);
  const safe =
    end.to === 'applied'
      ? { ...end, result: storedResult(end.result, secrets) }
      : { ...end, error: storedError(end.error, secrets) };
  // The receipt says what was applied; a line for each would cost as much as the call itself.
  logger[safe.to === 'applied' ? 'debug' : 'info'](
    {
      action_id: action.id,
      tenant: action.tenant,
      connector,
      tool: toolName,
      attempt: attempts,
      outcome: safe.to,
      seconds,
      trace_id: action.trace_id,
      ...(safe.to !== 'applied' && { reason: safe.error }),
    },
    'an attempt ended',
  );
  return {
    ...safe,
    attempt: attempts,
    ...(settles && { kind: 'settlement' }),
    ...(tool?.whenIndeterminate === 'go_on' && { leaves_lane: true }),
  };
}

async function ending(context: Context, action: ClaimedAction, secrets: CallSecrets): Promise<MadeAttempt> {
  const { connectors, config } = context;
  const tool = connectors.tool(action.connector, action.tool);
  const asks = canAsk(connectors.runner(action.connector), action.tool);
  return makeAttempt({
    tool,
    asks,
    facts: {
      tool: tool ?? { risk: action.risk },
      attempts: action.attempts,
      unsure: action.unsure,
      askInMs: tool && asks ? settleDelayMs(tool, config.limits) : undefined,
      random: Math.random(),
    },
    call: (part) => callOnce(context, action, part, secrets),
    mayStillRun: () => mayStillRun(context, action),
  });
}

/** What may have happened was claimed without a look at its plan's end, its age or a lifted freeze. Now they count again. */
async function mayStillRun(
  { db, config, logger }: Context,
  action: ClaimedAction,
): Promise<'now' | 'not now' | 'unknown'> {
  try {
    return (await stillAuthorised(db, action, config.limits.authorisedMaxSeconds)) ? 'now' : 'not now';
  } catch (err) {
    logger.warn({ err, action_id: action.id }, 'whether an action may still run could not be read');
    return 'unknown';
  }
}

async function callOnce(
  context: Context,
  action: ClaimedAction,
  part: 'run' | 'reconcile',
  secrets: CallSecrets,
): Promise<CallEnd> {
  const { connectors, config, lease, abandon, db, entities, gates, logger, metrics } = context;
  const { connector, tool: toolName } = action;
  const tool = connectors.tool(connector, toolName);
  const runner = connectors.runner(connector);
  if (!tool || !runner) return { kind: 'refused', message: `there is no tool ${connector}:${toolName} here` };
  const call: Call = {
    action,
    part,
    runner,
    given: connectors.given(action.tenant, connector),
    timeoutMs: tool.timeoutMs ?? config.limits.callTimeoutMs,
    lease,
    abandon,
    secrets,
    onStray: () => metrics.strayErrors.inc({ connector }),
    kv: createConnectorKv(db, action.tenant, connector),
    db: createConnectorDb(entities, action.tenant, connector),
    pool: connectors.pool(action.tenant, connector),
    reach: connectors.reach(action.tenant, connector),
    logger: logger.child({ action_id: action.id, connector, tool: toolName, trace_id: action.trace_id }),
  };
  const done = await callWithAfter(call, () => metrics.afterFailures.inc({ connector, tool: toolName }));
  gates.heard(action.token, done);
  return done;
}
