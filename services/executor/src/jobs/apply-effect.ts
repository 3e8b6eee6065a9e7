import { type Call, callConnector, canAsk } from '../call/call-connector.ts';
import { createConnectorKv } from '../call/connector-kv.ts';
import type { Context } from '../context.ts';
import { afterAsking } from '../core/asked.ts';
import { type CallSecrets, callSecrets } from '../core/call-secrets.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import {
  type AttemptEnd,
  type AttemptFacts,
  type CallEnd,
  delayMs,
  endAttempt,
  type RecordedEnd,
} from '../core/end-attempt.ts';
import { settleDelayMs } from '../core/settlement.ts';
import { storedError, storedResult } from '../core/stored-json.ts';
import { stillAuthorised } from '../store/still-authorised.ts';
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

interface Ending {
  readonly end: AttemptEnd;
  /** It was found out what became of an earlier attempt. */
  readonly settles?: boolean;
}

/** Asks first, where an earlier attempt may have happened and the tool may not simply be called again. */
async function ending(context: Context, action: ClaimedAction, secrets: CallSecrets): Promise<Ending> {
  const { connectors, config } = context;
  const tool = connectors.tool(action.connector, action.tool);
  const asks = canAsk(connectors.runner(action.connector), action.tool);
  const facts: AttemptFacts = {
    tool: tool ?? { risk: action.risk },
    attempts: action.attempts,
    unsure: action.unsure,
    askInMs: tool && asks ? settleDelayMs(tool, config.limits) : undefined,
    random: Math.random(),
  };
  if (!tool || !action.unsure || tool.risk === 'read' || tool.idempotent) {
    return { end: endAttempt(await callOnce(context, action, 'run', secrets), facts) };
  }
  if (!asks)
    return { end: { to: 'indeterminate', error: 'it may have happened, and its tool cannot be asked any more' } };
  const asked = afterAsking(await callOnce(context, action, 'reconcile', secrets), facts);
  if ('end' in asked) return asked;
  const may = await mayStillRun(context, action);
  if (may === 'not now') {
    const error = 'asked, it had not happened; whether it still may is looked at again';
    return { end: { to: 'queued', error, retry_in_ms: 0, unsure: false }, settles: true };
  }
  if (may === 'unknown') {
    const error = 'asked, it had not happened; whether it still may could not be read';
    return { end: { to: 'queued', error, retry_in_ms: delayMs(facts), unsure: true } };
  }
  return { end: endAttempt(await callOnce(context, action, 'run', secrets), { ...facts, unsure: false }) };
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
  part: Call['part'],
  secrets: CallSecrets,
): Promise<CallEnd> {
  const { connectors, config, lease, abandon, db, gates, logger, metrics } = context;
  const tool = connectors.tool(action.connector, action.tool);
  const runner = connectors.runner(action.connector);
  if (!tool || !runner) return { kind: 'refused', message: `there is no tool ${action.connector}:${action.tool} here` };
  const end = await callConnector({
    action,
    part,
    runner,
    given: connectors.given(action.tenant, action.connector),
    timeoutMs: tool.timeoutMs ?? config.limits.callTimeoutMs,
    lease,
    abandon,
    secrets,
    onStray: () => metrics.strayErrors.inc({ connector: action.connector }),
    kv: createConnectorKv(db, action.tenant, action.connector),
    pool: connectors.pool(action.tenant, action.connector),
    logger: logger.child({
      action_id: action.id,
      connector: action.connector,
      tool: action.tool,
      trace_id: action.trace_id,
    }),
  });
  gates.heard(action.token, end);
  return end;
}
