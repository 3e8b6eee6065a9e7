import type { Logger } from '@holdpoint/shared/runtime/logger';
import { startThread } from '@holdpoint/shared/runtime/start-thread';
import { createThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { threadReady } from '@holdpoint/shared/runtime/thread-ready';
import type { Snapshot } from '@holdpoint/shared/workspace/snapshot';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { type AskLimits, type End, watchAnswer } from './ask-thread.ts';
import type { FromThread, ThreadData, ToThread } from './protocol.ts';
import type { TenantSummary } from './tenant-summary.ts';

const HEAP_MAX_MB = 512;

export interface ThreadOptions extends AskLimits {
  readonly logger: Logger;
  readonly loadMaxMs: number;
}

/** One thread that has loaded one version of the workspace. */
export interface ScoringThread {
  readonly tenants: readonly TenantSummary[];
  alive(): boolean;
  ask(batch: Omit<ToThread, 'id'>): Promise<End>;
  end(): Promise<unknown>;
}

/** Ready when the snapshot is loaded, compiled and, where it checks, holds what its cases say. @throws WorkspaceError with its faults */
export async function startScoringThread(
  snapshot: Snapshot,
  options: ThreadOptions,
  checks = false,
): Promise<ScoringThread> {
  const { logger, loadMaxMs, userCodeMaxMs, stillMaxMs } = options;
  const marks = createThreadMarks();
  const { dir, origin } = snapshot;
  const worker = startThread(new URL('./thread.ts', import.meta.url), {
    workerData: { snapshot: { dir, origin }, marks, checks } satisfies ThreadData,
    // A policy has no business with the service's environment.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
  });
  let alive = true;
  const die = () => {
    alive = false;
  };
  worker.on('exit', die);
  // Always listened to: an error that nobody hears would end the service. The exit follows it.
  worker.on('error', (err) => logger.error({ err }, 'the scoring thread died'));
  worker.on('message', (message: FromThread) => {
    if (message?.kind === 'stray') logger.error({ reason: message.message }, 'user code failed after it had answered');
  });
  const tenants = await threadReady(worker, {
    loadMaxMs,
    read(message) {
      const said = message as FromThread;
      if (said?.kind === 'broken') throw new WorkspaceError(said.issues);
      return said?.kind === 'ready' ? said.tenants : undefined;
    },
    failure: (reason) => new WorkspaceError([{ file: '.', path: '', reason: `does not load: ${reason}` }]),
  });
  let nextId = 0;
  return {
    tenants,
    alive: () => alive,
    ask: (batch) => watchAnswer(worker, marks, { ...batch, id: nextId++ }, { userCodeMaxMs, stillMaxMs }),
    end() {
      die();
      return worker.terminate();
    },
  };
}
