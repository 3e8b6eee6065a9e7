import { Worker } from 'node:worker_threads';
import { hooksFile } from '@holdpoint/shared/workspace/tenant-hooks';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { Answer, Call, FromThread, Loaded, LogLine, Phase, ToThread } from './protocol.ts';
import { MARK, MARK_CELLS } from './protocol.ts';

const LOAD_MAX_MS = 30_000;
/** A hook keeps little; one that does not ends its own thread and no more. */
const HEAP_MAX_MB = 128;

/** Where a thread is. `at`: whose code runs without giving way, if anybody's. */
export interface Look {
  readonly steps: number;
  readonly beats: number;
  readonly at: { readonly call: number; readonly hook: number } | undefined;
}

export interface HookThread extends Loaded {
  post(calls: readonly Call[]): void;
  look(): Look;
  end(): Promise<unknown>;
}

export interface HookThreadOptions {
  readonly workspaceDir: string;
  readonly tenant: string;
  readonly phase: Phase;
}

export interface HookThreadEars {
  onAnswers(answers: readonly Answer[]): void;
  onLog(line: LogLine): void;
  onStray(reason: string): void;
  /** It has ended by itself, or by what a hook did: never after `end`. */
  onExit(): void;
}

/** Starts a thread and waits until it has loaded the tenant's hooks. @throws WorkspaceError that names the file */
export async function startHookThread(
  { workspaceDir, tenant, phase }: HookThreadOptions,
  ears: HookThreadEars,
): Promise<HookThread> {
  const marks = new Int32Array(new SharedArrayBuffer(MARK_CELLS * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { workspaceDir, tenant, phase, marks },
    // A hook has no business with the service's environment.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
  });
  // Always listened to: an error that nobody hears would end the service. The exit follows it.
  worker.on('error', (error) => ears.onStray(error instanceof Error ? error.message : String(error)));
  const loaded = await load(worker, hooksFile(tenant));
  let ended = false;
  worker.on('exit', () => {
    if (!ended) ears.onExit();
  });
  worker.on('message', (message: FromThread) => {
    if (ended) return;
    if (message?.kind === 'answers') ears.onAnswers(message.answers);
    else if (message?.kind === 'log') ears.onLog(message);
    else if (message?.kind === 'stray') ears.onStray(message.message);
  });
  return {
    hooks: loaded.hooks,
    version: loaded.version,
    post(calls) {
      const bodies = calls.flatMap(({ body }) => (body === null ? [] : [body.buffer as ArrayBuffer]));
      worker.postMessage(calls satisfies ToThread, bodies);
    },
    look: () => look(marks),
    end() {
      ended = true;
      return worker.terminate();
    },
  };
}

function load(worker: Worker, file: string): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(late);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      end();
    };
    const fail = (error: WorkspaceError) =>
      settle(() => {
        void worker.terminate();
        reject(error);
      });
    const because = (reason: string) => new WorkspaceError([{ file, path: '', reason }]);
    const onExit = () => fail(because('cannot be loaded: its code ended the thread'));
    const onMessage = (message: FromThread) => {
      if (message?.kind === 'ready') settle(() => resolve(message));
      else if (message?.kind === 'broken') {
        fail(message.issues.length > 0 ? new WorkspaceError(message.issues) : because(message.message));
      }
    };
    const late = setTimeout(() => fail(because(`was not loaded within ${LOAD_MAX_MS} ms`)), LOAD_MAX_MS);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
  });
}

/** The place belongs to the step: where the thread moved on meanwhile, it is looked at again. */
function look(marks: Int32Array): Look {
  for (;;) {
    const steps = Atomics.load(marks, MARK.steps);
    const beats = Atomics.load(marks, MARK.beats);
    const at = { call: Atomics.load(marks, MARK.call), hook: Atomics.load(marks, MARK.hook) };
    if (Atomics.load(marks, MARK.steps) === steps) return { steps, beats, at: steps % 2 !== 0 ? at : undefined };
  }
}
