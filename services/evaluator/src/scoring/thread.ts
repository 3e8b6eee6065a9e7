import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@holdpoint/policy/printable';
import { scoreQuestion, type Watch } from '@holdpoint/policy/score-question';
import { loadRulebook, type Rulebook } from '@holdpoint/rulebook/load-rulebook';
import { markPlace, markStep, type ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import type { FromThread, ToThread } from './protocol.ts';
import { summarise } from './tenant-summary.ts';

/** The thread in which the workspace's own code runs. One is made for each version of the workspace's files, and after each that got stuck. */
const { workspaceDir, marks } = workerData as { readonly workspaceDir: string; readonly marks: ThreadMarks };
/** Decisions wait for this thread: a question's explanations stop looking further after this. */
const EXPLAIN_MAX_MS = 1_000;
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread) => port.postMessage(message);

let book: Rulebook | undefined;
try {
  const loaded = await loadRulebook(workspaceDir);
  book = loaded;
  say({ kind: 'ready', tenants: loaded.tenants.map((tenant) => summarise(tenant, loaded.rulesOf(tenant))) });
} catch (error) {
  say({ kind: 'broken', message: error instanceof Error ? error.message : String(error) });
}

// A timer or a promise that an author's function left behind. Its line has been answered; the thread goes on.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => say({ kind: 'stray', message: describeError(error) }));
}

port.on('message', ({ id, questions, stuck }: ToThread) => {
  try {
    const answers = questions.map((question, index) => {
      const stuckLines = new Set(stuck.filter((one) => one.question === index).map((one) => one.line));
      const watch = { ...watchOf(index), stuckLines, enough: timer(EXPLAIN_MAX_MS) };
      return scoreQuestion(question, (book as Rulebook).rulesOf(question.tenant), watch);
    });
    say({ kind: 'answers', id, answers });
  } catch (error) {
    say({ kind: 'failed', id, message: describeError(error) });
  }
});

function timer(maxMs: number): () => boolean {
  const startedAtMs = performance.now();
  return () => performance.now() - startedAtMs > maxMs;
}

function watchOf(question: number): Omit<Watch, 'stuckLines'> {
  const step = () => markStep(marks);
  return {
    line: (line) => markPlace(marks, question, line),
    userCode: { begins: step, ends: step },
  };
}
