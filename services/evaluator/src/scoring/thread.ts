import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@holdpoint/policy/decide/printable';
import { type Question, scoreQuestion, type Watch } from '@holdpoint/policy/score/score-question';
import { loadRulebook, type Rulebook } from '@holdpoint/rulebook/load-rulebook';
import { markPiece, markPlace, markStep } from '@holdpoint/shared/runtime/thread-marks';
import { routeImports } from '@holdpoint/shared/workspace/import-routes';
import { EVERYTHING } from '../core/stuck-history.ts';
import { checkRules, issuesOf } from './check-rules.ts';
import { tenantLint } from './lint-tenants.ts';
import { BETWEEN_BATCHES, type FromThread, type Stuck, type ThreadData, type ToThread } from './protocol.ts';
import { summarise } from './tenant-summary.ts';

/** The thread in which the workspace's own code runs. One is made for each version of the workspace's files, and after each that got stuck. */
const { snapshot, marks, checks } = workerData as ThreadData;
/** Others wait for this thread: a question's explanations stop looking further after this. */
const EXPLAIN_MAX_MS = 1_000;
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread) => port.postMessage(message);

let book: Rulebook | undefined;
const pieces = new Map<string, ReadonlyMap<string, number>>();
try {
  routeImports(snapshot);
  const loaded = await loadRulebook(snapshot.dir);
  if (checks) await checkRules(snapshot.dir, loaded);
  const lintOf = tenantLint(loaded.tenants.length, new Date());
  const tenants = loaded.tenants.map((tenant) => {
    const rules = loaded.rulesOf(tenant);
    return { ...summarise(tenant, rules), ...(checks && { lint: lintOf(rules) }) };
  });
  for (const { tenant, subjects } of tenants)
    pieces.set(tenant, new Map(subjects.map((one, index) => [one, index + 1])));
  book = loaded;
  say({ kind: 'ready', tenants });
} catch (error) {
  say({ kind: 'broken', issues: issuesOf(error, snapshot) });
}

// A timer or a promise that an author's function left behind. Its line has been answered; the thread goes on.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => say({ kind: 'stray', message: describeError(error) }));
}

let answered = false;
port.on('message', ({ id, questions, stuck, silent }: ToThread) => {
  if (answered) markStep(marks);
  answered = true;
  try {
    const answers = questions.map((question, index) =>
      scoreQuestion(question, (book as Rulebook).rulesOf(question.tenant), {
        ...watchOf(
          question,
          index,
          silent,
          stuck.filter((one) => one.question === index),
        ),
        enough: timer(EXPLAIN_MAX_MS),
      }),
    );
    say({ kind: 'answers', id, answers });
  } catch (error) {
    say({ kind: 'failed', id, message: describeError(error) });
  }
  // Until it is asked again it is theirs: promises that they left behind run now.
  markPlace(marks, BETWEEN_BATCHES, 0);
  markStep(marks);
});

function timer(maxMs: number): () => boolean {
  const startedAtMs = performance.now();
  return () => performance.now() - startedAtMs > maxMs;
}

/** What stands in for a tenant's own policies has nothing of their past. */
function watchOf(
  question: Question,
  index: number,
  silent: ToThread['silent'],
  stuck: readonly Stuck[],
): Omit<Watch, 'enough'> {
  const { tenant } = question;
  const own = question.policies ? undefined : pieces.get(tenant);
  const quiet = question.policies || !Object.hasOwn(silent, tenant) ? undefined : new Set(silent[tenant]);
  const { stuckLines, passedOver } = sortStuck(question, stuck);
  let passed: readonly string[] = [];
  return {
    stuckLines,
    line(line) {
      passed = passedOver.get(line) ?? [];
      markPlace(marks, index, line);
    },
    userCode: {
      begins(subject) {
        markPiece(marks, own?.get(subject) ?? 0);
        markStep(marks);
      },
      ends: () => markStep(marks),
      ...((quiet || passedOver.size > 0) && {
        silent: (subject: string) => quiet?.has(EVERYTHING) || quiet?.has(subject) || passed.includes(subject),
      }),
    },
  };
}

/** By line, which hooks it is asked without; and the lines that are asked no more. */
function sortStuck({ tenant, policies }: Question, stuck: readonly Stuck[]) {
  const { hooks } = (book as Rulebook).rulesOf(tenant);
  const names = new Map([...(pieces.get(tenant) ?? [])].map(([subject, piece]) => [piece, subject]));
  const stuckLines = new Set<number>();
  const passedOver = new Map<number, string[]>();
  for (const { line, piece } of stuck) {
    const subject = policies ? undefined : names.get(piece);
    if (subject === undefined || !hooks.optional.has(subject)) stuckLines.add(line);
    else passedOver.set(line, [...(passedOver.get(line) ?? []), subject]);
  }
  return { stuckLines, passedOver };
}
