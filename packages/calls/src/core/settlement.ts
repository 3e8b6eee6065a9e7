import type { Tool } from '@holdpoint/shared/domain/tool';
import { type AttemptEnd, afterUnknown, triesOf } from './end-attempt.ts';

const LOST_READ = 'its worker was lost during the call';
const LOST = 'its worker was lost during the call: it may have happened';

/**
 * What becomes of an attempt whose worker is dead, by what its tool declares. Semantics §3: nothing is run a second time unless
 * the tool says that it may. A tool that is no longer declared may have done anything.
 */
export function settleDead(tool: Tool | undefined, attempts: number, askInMs?: number): AttemptEnd {
  if (!tool) return { to: 'indeterminate', error: LOST };
  if (tool.risk !== 'read') return afterUnknown(LOST, { tool, attempts, askInMs }, 0);
  if (attempts >= triesOf(tool)) return { to: 'failed', error: LOST_READ };
  return { to: 'queued', error: LOST_READ, retry_in_ms: 0, unsure: false };
}

/**
 * How long after an attempt it is asked whether that happened. Never sooner than its call has had its time, sent at the last
 * moment of a lease: an effect that comes after the question would be done twice.
 */
export function settleDelayMs(
  tool: Pick<Tool, 'settleDelayMs' | 'timeoutMs'>,
  limits: { readonly settleDelayMs: number; readonly callTimeoutMs: number; readonly leaseMs: number },
): number {
  const least = (tool.timeoutMs ?? limits.callTimeoutMs) + limits.leaseMs;
  return Math.max(tool.settleDelayMs ?? limits.settleDelayMs, least);
}
