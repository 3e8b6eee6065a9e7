import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { hooksFile } from '@holdpoint/shared/workspace/tenant-hooks';
import { type HookThread, type HookThreadEars, type HookThreadOptions, startHookThread } from './hook-thread.ts';
import type { Loaded } from './protocol.ts';

/** Between the end of a thread and the next, from the second end on; forgotten once a thread has lived long enough. */
const REST_FIRST_MS = 100;
const REST_MAX_MS = 2_000;
const LONG_ENOUGH_MS = 30_000;

/** One thread at a time, replaced when it has ended. */
export interface ThreadKeeper {
  readonly loaded: Loaded;
  /** Undefined while there is none. */
  current(): HookThread | undefined;
  /** Ends the thread; it is not replaced until asked. */
  drop(): void;
  /** A fresh thread, or undefined where the hooks no longer load. The same promise for all who ask meanwhile. */
  replace(): Promise<HookThread | undefined>;
  stop(): Promise<unknown>;
}

/** @throws WorkspaceError that names the file */
export async function keepThread(
  options: HookThreadOptions & { readonly logger: Logger },
  ears: HookThreadEars,
): Promise<ThreadKeeper> {
  const { tenant, phase, logger } = options;
  const first = await startHookThread(options, ears);
  let thread: HookThread | undefined = first;
  let startedAt = performance.now();
  let ends = 0;
  let replacing: Promise<HookThread | undefined> | undefined;
  let stopped = false;

  async function replaceNow(): Promise<HookThread | undefined> {
    if (performance.now() - startedAt > LONG_ENOUGH_MS) ends = 0;
    ends += 1;
    if (ends > 1) await delay(Math.min(REST_FIRST_MS * 2 ** Math.min(ends - 2, 10), REST_MAX_MS));
    if (stopped) return undefined;
    const fresh = await startHookThread(options, ears);
    startedAt = performance.now();
    // The hooks of the start are those that were matched and declared: others would be run in their name.
    const changed = fresh.version !== first.version;
    if (changed)
      logger.error({ tenant, file: hooksFile(tenant) }, 'hooks have changed: start the service again to run them');
    if (!changed && !stopped) return fresh;
    void fresh.end();
    return undefined;
  }

  return {
    loaded: { hooks: first.hooks, version: first.version },
    current: () => thread,
    drop() {
      void thread?.end();
      thread = undefined;
    },
    replace() {
      replacing ??= replaceNow()
        .catch((err: unknown) => {
          logger.error({ tenant, phase, err }, 'the hooks do not load');
          return undefined;
        })
        .then((fresh) => {
          thread = fresh;
          replacing = undefined;
          return fresh;
        });
      return replacing;
    },
    async stop() {
      stopped = true;
      await replacing;
      await thread?.end();
      thread = undefined;
    },
  };
}
