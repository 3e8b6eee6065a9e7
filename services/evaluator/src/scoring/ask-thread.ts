import type { Worker } from 'node:worker_threads';
import type { Answer } from '@holdpoint/policy/score-question';
import { type FromThread, MARK, type Stuck, type ToThread } from './protocol.ts';

/** How asking the thread ended. */
export type End =
  | { readonly kind: 'answered'; readonly answers: readonly Answer[] }
  /** It could not be scored, by a fault of ours; the thread lives. */
  | { readonly kind: 'failed'; readonly message: string }
  /** A line's user code ran out of its time, or ended the thread. */
  | { readonly kind: 'stuck'; readonly at: Stuck }
  /** The thread ended outside of any user code. */
  | { readonly kind: 'lost' }
  /** The thread stood still outside of any user code. */
  | { readonly kind: 'still' };

export interface AskLimits {
  readonly userCodeMaxMs: number;
  readonly stillMaxMs: number;
}

const LOOK_EVERY_MS = 50;

/** Asks the thread and watches it until it answers, ends or stops moving. @throws where the question does not cross to it */
export function watchAnswer(worker: Worker, marks: Int32Array, question: ToThread, limits: AskLimits): Promise<End> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearInterval(watchdog);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      end();
    };
    const endAs = (end: End) => settle(() => resolve(end));
    const onMessage = (message: FromThread) => {
      if (message?.kind === 'answers' && message.id === question.id) {
        endAs({ kind: 'answered', answers: message.answers });
      } else if (message?.kind === 'failed' && message.id === question.id) {
        endAs({ kind: 'failed', message: message.message });
      }
    };
    // What the thread said before it ended is delivered first, so an answer is never lost to this.
    const onExit = () => {
      const seen = look(marks);
      endAs(seen.inUserCode ? { kind: 'stuck', at: seen.at } : { kind: 'lost' });
    };
    const watchdog = setInterval(createWatchdog(marks, limits, endAs), LOOK_EVERY_MS);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    try {
      worker.postMessage(question);
    } catch (error) {
      settle(() => reject(error));
    }
  });
}

/** Time counts from the look that first saw the thread where it still is, so a call is never cut short. */
function createWatchdog(marks: Int32Array, { userCodeMaxMs, stillMaxMs }: AskLimits, end: (end: End) => void) {
  let last = look(marks);
  let since = performance.now();
  return () => {
    const seen = look(marks);
    if (seen.steps !== last.steps) {
      last = seen;
      since = performance.now();
      return;
    }
    const stoodMs = performance.now() - since;
    if (seen.inUserCode && stoodMs > userCodeMaxMs) end({ kind: 'stuck', at: seen.at });
    else if (!seen.inUserCode && stoodMs > stillMaxMs) end({ kind: 'still' });
  };
}

interface Look {
  readonly steps: number;
  readonly inUserCode: boolean;
  readonly at: Stuck;
}

/** The place belongs to the step: where the thread moved on meanwhile, it is looked at again. */
function look(marks: Int32Array): Look {
  for (;;) {
    const steps = Atomics.load(marks, MARK.steps);
    const at = { question: Atomics.load(marks, MARK.question), line: Atomics.load(marks, MARK.line) };
    if (Atomics.load(marks, MARK.steps) === steps) return { steps, inUserCode: steps % 2 !== 0, at };
  }
}
