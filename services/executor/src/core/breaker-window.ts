import type { BreakerSettings } from './breaker.ts';

/** Calls of the last while, counted in slots, oldest first. */
export type BreakerWindow = readonly {
  readonly at: number;
  readonly calls: number;
  readonly failures: number;
}[];

const SLOTS = 10;

/** Counts one call; what is older than the window falls out. */
export function countCall(window: BreakerWindow, windowMs: number, now: number, failed: boolean): BreakerWindow {
  const at = Math.floor(now / (windowMs / SLOTS));
  const young = window.filter((slot) => slot.at > at - SLOTS);
  const last = young.at(-1);
  const { calls, failures } = last?.at === at ? last : { calls: 0, failures: 0 };
  const slot = { at, calls: calls + 1, failures: failures + (failed ? 1 : 0) };
  return [...(last?.at === at ? young.slice(0, -1) : young), slot];
}

export function isFailing(window: BreakerWindow, { errorShare, minimumCalls }: BreakerSettings): boolean {
  let calls = 0;
  let failures = 0;
  for (const slot of window) {
    calls += slot.calls;
    failures += slot.failures;
  }
  return calls >= minimumCalls && failures >= calls * errorShare;
}
