/** How long an event waits after its `attempt`th failure (from 1): twice as long each time, up to the longest. */
export function retryDelayMs(
  { delayMs, maxDelayMs }: { readonly delayMs: number; readonly maxDelayMs: number },
  attempt: number,
): number {
  return Math.min(delayMs * 2 ** Math.min(attempt - 1, 30), maxDelayMs);
}
