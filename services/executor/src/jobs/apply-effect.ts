import { childOf, newTrace } from '@holdpoint/shared/runtime/trace';
import { planTrace } from '@holdpoint/shared/runtime/tracing';
import { callConnector } from '../call/call-connector.ts';
import { createConnectorKv } from '../call/connector-kv.ts';
import type { Context } from '../context.ts';
import { type CallSecrets, callSecrets } from '../core/call-secrets.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';
import { type AttemptEnd, type CallEnd, endAttempt } from '../core/end-attempt.ts';
import { storedError, storedResult } from '../core/stored-json.ts';

/**
 * Calls the connector for a claimed action and says what is to be recorded of it. Never throws: an attempt without an end
 * would be held by this living worker for ever, and no judge would look at it.
 */
export async function applyEffect(context: Context, action: ClaimedAction): Promise<AttemptEnd> {
  try {
    return await attempt(context, action);
  } catch (err) {
    context.logger.error({ err, action_id: action.id }, 'an attempt ended by a fault of ours');
    const error = 'the executor failed during the attempt: it may have happened';
    return { to: action.risk === 'read' ? 'failed' : 'indeterminate', error };
  }
}

async function attempt(context: Context, action: ClaimedAction): Promise<AttemptEnd> {
  const { connectors, metrics, logger } = context;
  const { connector, tool: toolName } = action;
  const tool = connectors.tool(connector, toolName);
  const given = connectors.given(action.tenant, connector);
  const secrets = callSecrets(action.args, tool?.secretArgs ?? [], Object.values(given?.credentials ?? {}));
  const startedAt = performance.now();
  const call = tool && (await callOnce(context, action, tool.timeoutMs, secrets));
  if (call) context.gates.heard(action.token, call);
  const end = endAttempt(call ?? { kind: 'refused', message: `there is no tool ${connector}:${toolName} here` }, {
    tool: tool ?? { risk: action.risk },
    attempts: action.attempts,
    unsure: action.unsure,
    random: Math.random(),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  metrics.callSeconds.observe({ connector, tool: toolName }, seconds);
  metrics.effects.inc({ connector, tool: toolName, outcome: end.to === 'queued' ? 'retry' : end.to });
  traceEffect(context, action, end.to, startedAt);
  const safe =
    end.to === 'applied'
      ? { ...end, result: storedResult(end.result, secrets) }
      : { ...end, error: storedError(end.error, secrets) };
  logger.info(
    {
      action_id: action.id,
      tenant: action.tenant,
      connector,
      tool: toolName,
      attempt: action.attempts,
      outcome: safe.to,
      seconds,
      trace_id: action.trace_id,
      ...(safe.to !== 'applied' && { reason: safe.error }),
    },
    'an attempt ended',
  );
  return safe;
}

/** One attempt, under the decision of its plan. */
function traceEffect(
  { tracing }: Context,
  action: ClaimedAction,
  outcome: AttemptEnd['to'],
  startedAtMs: number,
): void {
  const { tenant, operator, plan_id: planId, trace_id: traceId } = action;
  tracing.record(() => ({
    name: 'effect',
    kind: 'client',
    trace: traceId === null ? newTrace() : childOf(planTrace(traceId, { tenant, operator, planId })),
    startedAtMs,
    failed: outcome !== 'applied',
    attributes: {
      'holdpoint.tenant': tenant,
      'holdpoint.operator': operator,
      'holdpoint.plan_id': planId,
      'holdpoint.action_id': action.id,
      'holdpoint.connector': action.connector,
      'holdpoint.tool': action.tool,
      'holdpoint.attempt': action.attempts,
      'holdpoint.outcome': outcome === 'queued' ? 'retry' : outcome,
    },
  }));
}

function callOnce(
  context: Context,
  action: ClaimedAction,
  timeoutMs: number | undefined,
  secrets: CallSecrets,
): Promise<CallEnd> | undefined {
  const { connectors, config, lease, abandon, db, logger, metrics } = context;
  const runner = connectors.runner(action.connector);
  if (!runner) return undefined;
  return callConnector({
    action,
    runner,
    given: connectors.given(action.tenant, action.connector),
    timeoutMs: timeoutMs ?? config.limits.callTimeoutMs,
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
}
