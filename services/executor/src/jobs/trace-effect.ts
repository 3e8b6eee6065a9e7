import type { AttemptEnd } from '@holdpoint/calls/core/end-attempt';
import { childOf, newTrace } from '@holdpoint/shared/runtime/trace';
import { planTrace } from '@holdpoint/shared/runtime/tracing';
import type { Context } from '../context.ts';
import type { ClaimedAction } from '../core/claimed-action.ts';

/** One attempt, under the decision of its plan. */
export function traceEffect(
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
