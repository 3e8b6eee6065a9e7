import { type Call, callConnector, hasAfter } from './call-connector.ts';
import type { CallEnd } from './core/call-end.ts';
import { storedError } from './core/stored-json.ts';

const AFTER_MAX_MS = 5_000;

/**
 * One call, with what its connector's `after` makes of the answer. The action happened, whatever becomes of that: a failure of
 * `after` is logged, told to `onAfterFailed` and changes nothing.
 */
export async function callWithAfter(call: Call, onAfterFailed: () => void): Promise<CallEnd> {
  const end = await callConnector(call);
  return hasAfter(call.runner, call.action.tool) ? seenTo(call, end, onAfterFailed) : end;
}

async function seenTo(call: Call, end: CallEnd, onFailed: () => void): Promise<CallEnd> {
  const found = end.kind === 'answered' ? resultIn(end.result, call.part) : undefined;
  if (!found) return end;
  const after = await callConnector({ ...call, part: 'after', result: found.result, timeoutMs: AFTER_MAX_MS });
  const restMs = Math.max(end.restMs ?? 0, after.restMs ?? 0);
  const rests = restMs > 0 && { restMs };
  if (after.kind !== 'answered') {
    onFailed();
    call.logger.warn({ reason: storedError(after.message, call.secrets) }, 'what follows from a result failed');
    return { ...end, ...rests };
  }
  if (after.result === undefined) return { ...end, ...rests };
  return { kind: 'answered', result: call.part === 'run' ? after.result : { applied: after.result }, ...rests };
}

/** The result of what has happened; a question that was answered without one has none. */
function resultIn(answer: unknown, part: Call['part']): { readonly result: unknown } | undefined {
  if (part === 'run') return { result: answer };
  const carries = typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'applied');
  return carries ? { result: (answer as { readonly applied: unknown }).applied } : undefined;
}
