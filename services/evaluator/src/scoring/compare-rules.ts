import type { PolicyChange } from '@holdpoint/shared/domain/policy-change';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { startThread } from '@holdpoint/shared/runtime/start-thread';
import { threadReady } from '@holdpoint/shared/runtime/thread-ready';
import type { Snapshot } from '@holdpoint/shared/workspace/snapshot';

/** What is decided otherwise from now on, in sentences with a proven example each, by tenant. */
export type Effects = ReadonlyMap<string, readonly PolicyChange[]>;

type Copy = Pick<Snapshot, 'dir' | 'origin'>;
export interface CompareData {
  readonly before: Copy;
  readonly after: Copy;
}
export type FromCompareThread =
  | { readonly kind: 'compared'; readonly effects: readonly (readonly [string, readonly PolicyChange[]])[] }
  | { readonly kind: 'broken'; readonly message: string };

const HEAP_MAX_MB = 512;

/**
 * Compares two versions in a thread of its own, in which their code may do as it likes. A change waits for what is
 * said of it no longer than for a load; where it cannot be compared, nothing is said.
 */
export async function compareRules(
  before: Copy,
  after: Copy,
  { logger, loadMaxMs }: { readonly logger: Logger; readonly loadMaxMs: number },
): Promise<Effects> {
  const of = ({ dir, origin }: Copy): Copy => ({ dir, origin });
  const worker = startThread(new URL('./compare-thread.ts', import.meta.url), {
    workerData: { before: of(before), after: of(after) } satisfies CompareData,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
  });
  worker.on('error', (err) => logger.warn({ err }, 'the thread that compares policies died'));
  try {
    const effects = await threadReady(worker, {
      loadMaxMs,
      read(message) {
        const said = message as FromCompareThread;
        if (said?.kind === 'broken') throw new Error(said.message);
        return said?.kind === 'compared' ? said.effects : undefined;
      },
      failure: (reason) => new Error(reason),
    });
    return new Map(effects);
  } catch (err) {
    logger.warn({ err }, 'what the changed policies decide otherwise could not be compared');
    return new Map();
  } finally {
    await worker.terminate();
  }
}
