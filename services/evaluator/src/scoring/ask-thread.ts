import type { Worker } from 'node:worker_threads';
import type { Answer } from '@holdpoint/policy/score/score-question';
import { createStandWatch, lookAt, type ThreadLook, type ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { BETWEEN_BATCHES, type FromThread, type Stuck, type ToThread } from './protocol.ts';

/** How asking the thread ended. */
export type End =
  | { readonly kind: 'answered'; readonly answers: readonly Answer[] }
  /** It could not be scored, by a fault of ours; the thread lives. */
  | { readonly kind: 'failed'; readonly message: string }
  /** A line's user code ran out of its time, or ended the thread. */
  | { readonly kind: 'stuck'; readonly at: Stuck }
  /** The thread ended outside of any line's user code, or was kept by what such code left behind. */
  | { readonly kind: 'lost' }
  /** The thread stood still outside of any user code. */
  | { readonly kind: 'still' };

export interface AskLimits {
  readonly userCodeMaxMs: number;
  readonly stillMaxMs: number;
}

const LOOK_EVERY_MS = 50;

/** Asks the thread and watches it until it answers, ends or stops moving. @throws where the question does not cross to it */
export function watchAnswer(worker: Worker, marks: ThreadMarks, question: ToThread, limits: AskLimits): Promise<End> {
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
      const { at } = lookAt(marks);
      endAs(at ? keptBy(at) : { kind: 'lost' });
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

function createWatchdog(marks: ThreadMarks, { userCodeMaxMs, stillMaxMs }: AskLimits, end: (end: End) => void) {
  const stoodMs = createStandWatch(() => performance.now());
  return () => {
    const seen = lookAt(marks);
    const stood = stoodMs(seen);
    if (seen.at && stood > userCodeMaxMs) end(keptBy(seen.at));
    else if (!seen.at && stood > stillMaxMs) end({ kind: 'still' });
  };
}

/** What is left behind has answered before: no line is to blame, and another thread has none of it. */
function keptBy({ group, item, piece }: NonNullable<ThreadLook['at']>): End {
  return group === BETWEEN_BATCHES ? { kind: 'lost' } : { kind: 'stuck', at: { question: group, line: item, piece } };
}
