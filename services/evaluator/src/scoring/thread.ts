import { parentPort, workerData } from 'node:worker_threads';
import { loadPolicyBook, type PolicyBook } from './policy-book.ts';
import { type FromThread, MARK, type ToThread } from './protocol.ts';
import { scoreQuestion } from './score-question.ts';

/** The thread in which the workspace's own code runs. One is made for each version of the workspace's files, and after each that got stuck. */
const { workspaceDir, marks } = workerData as { readonly workspaceDir: string; readonly marks: Int32Array };
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread) => port.postMessage(message);

let book: PolicyBook | undefined;
try {
  book = await loadPolicyBook(workspaceDir);
  say({ kind: 'ready', tenants: book.summaries() });
} catch (error) {
  say({ kind: 'broken', message: error instanceof Error ? error.message : String(error) });
}

port.on('message', ({ id, questions, stuck }: ToThread) => {
  const answers = questions.map((question, index) =>
    scoreQuestion(question, book as PolicyBook, {
      mark: (line) => mark(index, line),
      stuckLines: new Set(stuck.filter((one) => one.question === index).map((one) => one.line)),
    }),
  );
  say({ kind: 'answers', id, answers });
});

function mark(question: number, line: number): void {
  Atomics.store(marks, MARK.question, question);
  Atomics.store(marks, MARK.line, line);
  Atomics.add(marks, MARK.sequence, 1);
}
