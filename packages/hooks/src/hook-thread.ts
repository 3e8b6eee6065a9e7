import type { Worker } from 'node:worker_threads';
import { startThread } from '@holdpoint/shared/runtime/start-thread';
import { createThreadMarks, lookAt, type ThreadLook } from '@holdpoint/shared/runtime/thread-marks';
import { threadReady } from '@holdpoint/shared/runtime/thread-ready';
import { hooksFile } from '@holdpoint/shared/workspace/tenant-hooks';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import type { HookEntities } from './hook-entities.ts';
import type {
  Answer,
  Call,
  EntityAnswer,
  EntityQuestion,
  FromThread,
  Loaded,
  LogLine,
  Phase,
  ToThread,
} from './protocol.ts';
import type { HookThreadData } from './serve-hooks.ts';

const LOAD_MAX_MS = 30_000;
/** A hook keeps little; one that does not ends its own thread and no more. */
const HEAP_MAX_MB = 128;

export interface HookThread extends Loaded {
  post(calls: readonly Call[]): void;
  /** Of a call's hooks, by its place in the call's list. */
  look(): ThreadLook;
  end(): Promise<unknown>;
}

export interface HookThreadOptions {
  readonly workspaceDir: string;
  readonly tenant: string;
  readonly phase: Phase;
  /** The file that the thread runs: it serves one kind of hook. */
  readonly program: URL;
  /** What `after` hooks may ask for; absent: nothing. */
  readonly entities?: HookEntities;
}

export interface HookThreadEars {
  onAnswers(answers: readonly Answer[]): void;
  onLog(line: LogLine): void;
  /** Never rejects. */
  onEntity(question: EntityQuestion): Promise<EntityAnswer>;
  onStray(reason: string): void;
  /** It has ended by itself, or by what a hook did: never after `end`. */
  onExit(): void;
}

/** Starts a thread and waits until it has loaded the tenant's hooks. @throws WorkspaceError that names the file */
export async function startHookThread(
  { workspaceDir, tenant, phase, program, entities }: HookThreadOptions,
  ears: HookThreadEars,
): Promise<HookThread> {
  const marks = createThreadMarks();
  const worker = startThread(program, {
    workerData: { workspaceDir, tenant, phase, marks, entities: entities?.names ?? {} } satisfies HookThreadData,
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
  const reply = (answer: EntityAnswer) => {
    if (!ended) worker.postMessage({ kind: 'entity', ...answer } satisfies ToThread);
  };
  worker.on('message', (message: FromThread) => {
    if (ended) return;
    if (message?.kind === 'answers') ears.onAnswers(message.answers);
    else if (message?.kind === 'log') ears.onLog(message);
    else if (message?.kind === 'entity') void ears.onEntity(message).then(reply);
    else if (message?.kind === 'stray') ears.onStray(message.message);
  });
  return {
    hooks: loaded.hooks,
    version: loaded.version,
    post(calls) {
      const bodies = calls.flatMap(({ body }) => (body === null ? [] : [body.buffer as ArrayBuffer]));
      worker.postMessage({ kind: 'calls', calls } satisfies ToThread, bodies);
    },
    look: () => lookAt(marks),
    end() {
      ended = true;
      return worker.terminate();
    },
  };
}

function load(worker: Worker, file: string): Promise<Loaded> {
  const because = (reason: string) => new WorkspaceError([{ file, path: '', reason }]);
  return threadReady(worker, {
    loadMaxMs: LOAD_MAX_MS,
    read(message) {
      const said = message as FromThread;
      if (said?.kind === 'broken') {
        throw said.issues.length > 0 ? new WorkspaceError(said.issues) : because(said.message);
      }
      return said?.kind === 'ready' ? said : undefined;
    },
    failure: (reason) => because(`cannot be loaded: ${reason}`),
  });
}
