import type { Worker } from 'node:worker_threads';
import type { DecisionRecord } from '@holdpoint/shared/domain/decision-record';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { startThread } from '@holdpoint/shared/runtime/start-thread';
import { createStandWatch, createThreadMarks, lookAt, type ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { threadReady } from '@holdpoint/shared/runtime/thread-ready';
import type { FromThread, ReplayedRecord, ReplayedRules, SplitAt, ThreadData, ToThread } from './protocol.ts';

/** Replays records by rules whose code runs in a thread apart. */
export interface Replaying {
  /**
   * In the order of the records. Where an author's code does not come back on one, that record is a BLOCK, as it would be in
   * earnest.
   * @throws HoldpointError INVALID_REQUEST where that happens again and again, or the thread fails otherwise
   */
  replay(records: readonly DecisionRecord[], splits?: readonly SplitAt[]): Promise<readonly ReplayedRecord[]>;
  stop(): Promise<void>;
}

export interface ReplayLimits {
  /** How long one record's code may stand still. */
  readonly userCodeMaxMs: number;
  readonly loadMaxMs: number;
  /** On so many records it may do so, in all; each costs its time and a new thread. */
  readonly stuckMax: number;
}

export const REPLAY_LIMITS: ReplayLimits = { userCodeMaxMs: 2_000, loadMaxMs: 30_000, stuckMax: 20 };
const LOOK_EVERY_MS = 50;

type End =
  | { readonly kind: 'replayed'; readonly replayed: readonly ReplayedRecord[] }
  | { readonly kind: 'stuck'; readonly index: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Ready when the rules are loaded. */
export async function startReplaying(rules: ReplayedRules, limits: ReplayLimits = REPLAY_LIMITS): Promise<Replaying> {
  let thread: Thread | undefined = await startReplayThread(rules, limits);
  let stuckSoFar = 0;
  return {
    async replay(records, splits = []) {
      const stuck: number[] = [];
      for (;;) {
        thread ??= await startReplayThread(rules, limits);
        const end: End = await thread.ask({ records, splits, stuck });
        if (end.kind === 'replayed') return end.replayed;
        await thread.end();
        thread = undefined;
        if (end.kind === 'failed') throw new HoldpointError('INVALID_REQUEST', `replay failed: ${end.message}`);
        stuck.push(end.index);
        stuckSoFar += 1;
        if (stuckSoFar >= limits.stuckMax) throw tooOften(stuckSoFar, records[end.index]);
      }
    },
    async stop() {
      await thread?.end();
      thread = undefined;
    },
  };
}

function tooOften(count: number, last: DecisionRecord | undefined): HoldpointError {
  const message = `the code of a policy or tool did not come back on ${count} records, last on ${last?.action_id}, ${last?.connector} ${last?.tool}`;
  return new HoldpointError('INVALID_REQUEST', message);
}

interface Thread {
  ask(question: Omit<ToThread, 'id'>): Promise<End>;
  end(): Promise<unknown>;
}

async function startReplayThread(rules: ReplayedRules, { loadMaxMs, userCodeMaxMs }: ReplayLimits): Promise<Thread> {
  const marks = createThreadMarks();
  const data: ThreadData = { rules, marks };
  const worker = startThread(new URL('./replay-thread.ts', import.meta.url), { workerData: data });
  const failure = (reason: string) => new HoldpointError('INVALID_REQUEST', `the rules cannot be loaded: ${reason}`);
  await threadReady(worker, {
    loadMaxMs,
    failure,
    read(message) {
      const said = message as FromThread;
      if (said.kind === 'broken') throw failure(said.message);
      return said.kind === 'ready' ? true : undefined;
    },
  });
  // What goes wrong beyond is told by the exit that follows.
  worker.on('error', () => undefined);
  let asked = 0;
  return {
    ask(question) {
      asked += 1;
      return watchAnswer(worker, marks, { ...question, id: asked }, userCodeMaxMs);
    },
    end: () => worker.terminate(),
  };
}

function watchAnswer(worker: Worker, marks: ThreadMarks, question: ToThread, userCodeMaxMs: number): Promise<End> {
  return new Promise((resolve) => {
    const stoodMs = createStandWatch(() => performance.now());
    const watchdog = setInterval(() => {
      const seen = lookAt(marks);
      const stood = stoodMs(seen);
      if (seen.at && stood > userCodeMaxMs) endAs({ kind: 'stuck', index: seen.at.group });
    }, LOOK_EVERY_MS);
    const endAs = (end: End) => {
      clearInterval(watchdog);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(end);
    };
    const onMessage = (said: FromThread) => {
      if (!('id' in said) || said.id !== question.id) return;
      endAs(said.kind === 'replayed' ? { kind: 'replayed', replayed: said.replayed } : said);
    };
    const onExit = () => {
      const { at } = lookAt(marks);
      endAs(at ? { kind: 'stuck', index: at.group } : { kind: 'failed', message: 'its thread ended' });
    };
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.postMessage(question);
  });
}
