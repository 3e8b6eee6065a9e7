import { grouped } from './group.ts';
import type { ObservedCall, ProcessStop } from './history.ts';

/** A process that slept may send what it was about to send: for so long after it woke its calls are its sleep's. */
const WAKING_MS = 1_000;

/** Tells the calls of processes that were stopped meanwhile, or just before. */
export function sleepersOf(stops: readonly ProcessStop[]): (call: ObservedCall) => boolean {
  const byPid = grouped(stops, ({ pid }) => pid);
  return (call) =>
    (byPid.get(call.pid) ?? []).some(({ from, to }) => from <= endOf(call) && call.startedAt <= to + WAKING_MS);
}

export const endOf = (call: ObservedCall): number => call.endedAt ?? Number.POSITIVE_INFINITY;
