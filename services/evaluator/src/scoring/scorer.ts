import { Worker } from 'node:worker_threads';
import type { Answer, Question } from '@holdpoint/policy/score-question';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { createThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { threadReady } from '@holdpoint/shared/runtime/thread-ready';
import { type End, watchAnswer } from './ask-thread.ts';
import type { FromThread, Stuck } from './protocol.ts';
import type { TenantSummary } from './tenant-summary.ts';

/** How long one call of an author's code may run before its thread is ended. */
export const USER_CODE_MAX_MS = 500;
/** How long the thread may stand still outside of it: nobody's line is to blame. */
const STILL_MAX_MS = 10_000;
const LOAD_MAX_MS = 30_000;
/** A thread that dies outside of user code may have been dying before it was asked; twice is a fault. */
const LOST_MAX = 1;

export interface Scorer {
  /**
   * Scores a batch. A line whose code does not come back is a BLOCK.
   * @throws HoldpointError DEPENDENCY_UNAVAILABLE where the thread fails otherwise; the next batch gets a fresh one
   */
  score(questions: readonly Question[]): Promise<readonly Answer[]>;
  summaryOf(tenant: string): TenantSummary | undefined;
  stop(): Promise<void>;
}

interface ScorerOptions {
  readonly workspaceDir: string;
  readonly logger: Logger;
  readonly userCodeMaxMs?: number;
  readonly stillMaxMs?: number;
}

/** Ready when the workspace is loaded and compiled. @throws Error with the workspace's faults */
export async function startScorer(options: ScorerOptions): Promise<Scorer> {
  const { logger } = options;
  let thread = await startThread(options);
  let queue: Promise<unknown> = Promise.resolve();

  /** The summaries of a thread that is gone stay until another one has loaded. */
  async function liveThread(): Promise<Thread> {
    if (!thread.alive()) thread = await startThread(options);
    return thread;
  }

  /** Asks the thread; where a line gets stuck, ends the thread, blocks that line, and does the rest of the batch again. */
  async function scoreAll(questions: readonly Question[]): Promise<readonly Answer[]> {
    const stuck: Stuck[] = [];
    for (let lost = 0; ; ) {
      const asked = await liveThread();
      const end = await asked.ask({ questions, stuck });
      if (end.kind === 'answered') return end.answers;
      if (end.kind === 'failed') throw new Error(`scoring failed: ${end.message}`);
      void asked.end();
      if (end.kind === 'stuck' && !stuck.some((known) => samePlace(known, end.at))) {
        logger.error(
          { tenant: questions[end.at.question]?.tenant, ...end.at },
          'user code did not answer: line blocked',
        );
        stuck.push(end.at);
      } else if (end.kind !== 'lost' || lost++ === LOST_MAX) {
        throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the scoring thread does not answer');
      }
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

function samePlace(a: Stuck, b: Stuck): boolean {
  return a.question === b.question && a.line === b.line;
}

interface Thread {
  readonly tenants: ReadonlyMap<string, TenantSummary>;
  alive(): boolean;
  ask(batch: { readonly questions: readonly Question[]; readonly stuck: readonly Stuck[] }): Promise<End>;
  end(): Promise<unknown>;
}

async function startThread(options: ScorerOptions): Promise<Thread> {
  const { workspaceDir, logger, userCodeMaxMs = USER_CODE_MAX_MS, stillMaxMs = STILL_MAX_MS } = options;
  const marks = createThreadMarks();
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { workspaceDir, marks },
    // A policy has no business with the service's environment.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 512 },
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
  const tenants = await ready(worker);
  let nextId = 0;
  return {
    tenants: new Map(tenants.map((tenant) => [tenant.tenant, tenant])),
    alive: () => alive,
    ask: (batch) => watchAnswer(worker, marks, { ...batch, id: nextId++ }, { userCodeMaxMs, stillMaxMs }),
    end() {
      die();
      return worker.terminate();
    },
  };
}

function ready(worker: Worker): Promise<readonly TenantSummary[]> {
  const because = (message: string) => new HoldpointError('DEPENDENCY_UNAVAILABLE', message);
  return threadReady(worker, {
    loadMaxMs: LOAD_MAX_MS,
    read(message) {
      const said = message as FromThread;
      if (said?.kind === 'broken') throw because(said.message);
      return said?.kind === 'ready' ? said.tenants : undefined;
    },
    failure: (reason) => because(`the workspace does not load: ${reason}`),
  });
}
