import { Worker } from 'node:worker_threads';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import {
  type Answer,
  type FromThread,
  MARK,
  MARK_CELLS,
  type Question,
  type Stuck,
  type TenantSummary,
  type ToThread,
} from './protocol.ts';

/** How long one line's user code may run before its thread is ended. */
export const USER_CODE_MAX_MS = 500;
const LOAD_MAX_MS = 30_000;
const LOOK_EVERY_MS = 50;

export interface Scorer {
  /** Scores a batch. Always answers: what did not come back in time is a BLOCK. */
  score(questions: readonly Question[]): Promise<readonly Answer[]>;
  summaryOf(tenant: string): TenantSummary | undefined;
  stop(): Promise<void>;
}

/** Ready when the workspace is loaded and compiled. @throws Error with the workspace's faults */
export async function startScorer(options: {
  readonly workspaceDir: string;
  readonly logger: Logger;
  readonly userCodeMaxMs?: number;
}): Promise<Scorer> {
  const { workspaceDir, logger, userCodeMaxMs = USER_CODE_MAX_MS } = options;
  let thread = await startThread(workspaceDir);
  let queue: Promise<unknown> = Promise.resolve();

  /** Asks the thread; where a line gets stuck, ends the thread, blocks that line, and does the rest of the batch again. */
  async function scoreAll(questions: readonly Question[]): Promise<readonly Answer[]> {
    const stuck: Stuck[] = [];
    for (;;) {
      const answers = await thread.ask({ questions, stuck }, userCodeMaxMs);
      if (answers) return answers;
      const at = thread.position();
      logger.error({ tenant: questions[at.question]?.tenant, ...at }, 'user code of a line did not answer: blocked');
      stuck.push(at);
      await thread.end();
      thread = await startThread(workspaceDir);
    }
  }

  return {
    score(questions) {
      const answers = queue.then(() => scoreAll(questions));
      queue = answers.catch(() => undefined);
      return answers;
    },
    summaryOf: (tenant) => thread.tenants.get(tenant),
    async stop() {
      await queue;
      await thread.end();
    },
  };
}

interface Thread {
  readonly tenants: ReadonlyMap<string, TenantSummary>;
  /** Undefined: a line made no progress for the given time, or the thread died of it. */
  ask(question: Omit<ToThread, 'id'>, stuckAfterMs: number): Promise<readonly Answer[] | undefined>;
  /** Where the thread was last seen. */
  position(): Stuck;
  end(): Promise<unknown>;
}

async function startThread(workspaceDir: string): Promise<Thread> {
  const marks = new Int32Array(new SharedArrayBuffer(MARK_CELLS * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { workspaceDir, marks },
    // A policy has no business with the service's environment.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const tenants = await ready(worker);
  let nextId = 0;
  return {
    tenants: new Map(tenants.map((tenant) => [tenant.tenant, tenant])),
    ask: (question, stuckAfterMs) => ask(worker, marks, { ...question, id: nextId++ }, stuckAfterMs),
    position: () => ({ question: Atomics.load(marks, MARK.question), line: Atomics.load(marks, MARK.line) }),
    end: () => worker.terminate(),
  };
}

function ready(worker: Worker): Promise<readonly TenantSummary[]> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => {
      void worker.terminate();
      reject(new HoldpointError('DEPENDENCY_UNAVAILABLE', message));
    };
    const late = setTimeout(() => fail(`the workspace did not load within ${LOAD_MAX_MS} ms`), LOAD_MAX_MS);
    const settled = () => clearTimeout(late);
    worker.once('error', (error) => {
      settled();
      fail(`the workspace does not load: ${error instanceof Error ? error.message : String(error)}`);
    });
    worker.once('message', (message: FromThread) => {
      settled();
      if (message.kind === 'ready') resolve(message.tenants);
      else fail(message.kind === 'broken' ? message.message : 'the scoring thread spoke out of turn');
    });
  });
}

function ask(
  worker: Worker,
  marks: Int32Array,
  question: ToThread,
  stuckAfterMs: number,
): Promise<readonly Answer[] | undefined> {
  return new Promise((resolve) => {
    let sequence = Atomics.load(marks, MARK.sequence);
    let since = performance.now();
    const watchdog = setInterval(() => {
      const now = Atomics.load(marks, MARK.sequence);
      if (now !== sequence) {
        sequence = now;
        since = performance.now();
      } else if (performance.now() - since > stuckAfterMs) settle(undefined);
    }, LOOK_EVERY_MS);
    const settle = (answers: readonly Answer[] | undefined) => {
      clearInterval(watchdog);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      worker.off('error', onExit);
      resolve(answers);
    };
    const onMessage = (message: FromThread) => {
      if (message.kind === 'answers' && message.id === question.id) settle(message.answers);
    };
    const onExit = () => settle(undefined);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.on('error', onExit);
    worker.postMessage(question);
  });
}
