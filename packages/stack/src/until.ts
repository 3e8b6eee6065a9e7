import { setTimeout as pause } from 'node:timers/promises';

/** Polls `attempt` until it returns something other than undefined; undefined when the deadline passes first. */
export async function until<T>(
  attempt: () => T | undefined | Promise<T | undefined>,
  deadlineMs: number,
  everyMs = 15,
): Promise<T | undefined> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await attempt();
    if (found !== undefined || performance.now() > end) return found;
    await pause(everyMs);
  }
}
