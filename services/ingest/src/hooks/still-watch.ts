import type { Look } from './hook-thread.ts';

/** Beyond a hook's own time, in which its thread would have said so itself. */
const STILL_SLACK_MS = 100;

/** Told at every look where a thread is, says when it has stood still for longer than it may. */
export type StillWatch = (seen: Look | undefined, maxMs: (seen: Look) => number) => boolean;

/** Time counts from the look that first saw the thread where it still is, so that a call is never cut short. */
export function createStillWatch(now: () => number): StillWatch {
  let last: Look | undefined;
  let since = now();
  return (seen, maxMs) => {
    if (!seen || seen.steps !== last?.steps || seen.beats !== last.beats) {
      last = seen;
      since = now();
      return false;
    }
    return now() - since > maxMs(seen) + STILL_SLACK_MS;
  };
}
