import type { Answer, Question } from '@holdpoint/policy/score/score-question';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { dropLeftSnapshots, type Snapshot, takeSnapshot } from '@holdpoint/shared/workspace/snapshot';
import { createStuckHistory, EVERYTHING, type StuckHistory } from '../core/stuck-history.ts';
import { compareRules, type Effects } from './compare-rules.ts';
import { createLane, type Lane } from './lane.ts';
import type { Stuck } from './protocol.ts';
import { type Book, loadRules, type Rules } from './rules.ts';
import type { ThreadOptions } from './scoring-thread.ts';
import type { TenantSummary } from './tenant-summary.ts';

/** How long one call of an author's code may run before its thread is ended. */
export const USER_CODE_MAX_MS = 500;
/** How long the thread may stand still outside of it: nobody's line is to blame. */
const STILL_MAX_MS = 10_000;
const LOAD_MAX_MS = 30_000;
/** A thread that dies outside of user code may have been dying before it was asked; twice is a fault. */
const LOST_MAX = 1;
/** A thread that few need is ended when nobody has asked it for so long. */
const ASIDE_IDLE_MS = 60_000;

/**
 * `main`: for everybody. `aside`: a thread of its own for what may take its time: rehearsals, and tenants whose code did not
 * come back lately.
 */
export type LaneName = 'main' | 'aside';

/** Makes a batch of questions by the rules that are to answer them. */
export type Ask = (book: Book) => Promise<readonly Question[]>;

export interface Scorer {
  /**
   * Scores a batch by one version of the rules: where they change before its turn comes, it is made anew. A line whose code
   * does not come back is a BLOCK. In the lane `main` undefined stands for an answer that is to be asked for `aside`.
   * @throws HoldpointError DEPENDENCY_UNAVAILABLE where the thread fails otherwise; the next batch gets a fresh one
   */
  score(lane: LaneName, ask: Ask): Promise<readonly (Answer | undefined)[]>;
  /** Whether a tenant's questions are for the lane `aside`. */
  isSuspect(tenant: string): boolean;
  book(): Book;
  summaryOf(tenant: string): TenantSummary | undefined;
  /**
   * Loads a snapshot beside what is in force, compares the two, asks `accept`, and puts it in force between two batches. Where it does not load
   * or `accept` throws, nothing changes. The snapshot is the scorer's from now on.
   * @throws WorkspaceError with what is wrong with it, or what `accept` throws
   */
  adopt(snapshot: Snapshot, accept: (next: Book, before: Book, effects: Effects) => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

export interface ScorerOptions extends Partial<Omit<ThreadOptions, 'logger'>> {
  readonly workspaceDir: string;
  readonly logger: Logger;
}

/** Ready when the workspace is loaded and compiled and holds what its cases say. @throws WorkspaceError with its faults */
export async function startScorer(options: ScorerOptions): Promise<Scorer> {
  const { workspaceDir, logger } = options;
  const limits: ThreadOptions = {
    logger,
    loadMaxMs: options.loadMaxMs ?? LOAD_MAX_MS,
    userCodeMaxMs: options.userCodeMaxMs ?? USER_CODE_MAX_MS,
    stillMaxMs: options.stillMaxMs ?? STILL_MAX_MS,
  };
  const history = createStuckHistory();
  const lanes: Readonly<Record<LaneName, Lane>> = { main: createLane(), aside: createLane(ASIDE_IDLE_MS) };
  await dropLeftSnapshots().catch((err: unknown) => logger.warn({ err }, 'copies of rules that are left over stay'));
  const first = await loadRules(await takeSnapshot(workspaceDir), limits);
  let current = first.rules;
  lanes.main.adopt(first.rules, first.thread);

  return {
    async score(lane, ask) {
      for (;;) {
        const rules = current;
        const questions = await ask(rules.book);
        const answers = await lanes[lane].turn(async () =>
          rules === current
            ? scoreBatch({ lane: lanes[lane], name: lane, rules, history, logger }, questions)
            : undefined,
        );
        if (answers) return answers;
      }
    },
    isSuspect: (tenant) => history.isSuspect(tenant, performance.now()),
    book: () => current.book,
    summaryOf: (tenant) => current.book.tenants.get(tenant),
    async adopt(snapshot, accept) {
      const { rules, thread } = await loadRules(snapshot, limits);
      const before = current;
      try {
        await accept(rules.book, before.book, await compareRules(before.snapshot, rules.snapshot, limits));
      } catch (error) {
        await Promise.all([thread.end(), rules.drop()]);
        throw error;
      }
      await lanes.main.turn(async () => {
        current = rules;
        lanes.main.adopt(rules, thread);
        history.forgive();
      });
      // A batch that is still scored by the old rules may need another thread of them.
      await lanes.aside.turn(async () => lanes.aside.adopt(rules, undefined));
      await before.drop();
    },
    async stop() {
      await Promise.all(Object.values(lanes).map((lane) => lane.turn(async () => lane.adopt(current, undefined))));
      await current.drop();
    },
  };
}

interface Scoring {
  readonly lane: Lane;
  readonly name: LaneName;
  readonly rules: Rules;
  readonly history: StuckHistory;
  readonly logger: Logger;
}

/** Asks the thread; where a line gets stuck, ends the thread, blocks that line or puts its tenant aside, and asks the rest again. */
async function scoreBatch(scoring: Scoring, questions: readonly Question[]): Promise<readonly (Answer | undefined)[]> {
  const { lane, name, rules, history } = scoring;
  const answers: (Answer | undefined)[] = questions.map(() => undefined);
  const stuck: Stuck[] = [];
  for (let lost = 0; ; ) {
    const now = performance.now();
    const mine = questions.flatMap((question, index) =>
      name === 'main' && (isRehearsal(question) || history.isSuspect(question.tenant, now)) ? [] : [index],
    );
    if (mine.length === 0) return answers;
    const asked = mine.map((index) => questions[index] as Question);
    const thread = await lane.threadOf(rules);
    const places = stuck.flatMap((one) =>
      mine.includes(one.question) ? [{ ...one, question: mine.indexOf(one.question) }] : [],
    );
    const end = await thread.ask({ questions: asked, stuck: places, silent: silentOf(history, asked, now) });
    if (end.kind === 'answered') {
      for (const [place, index] of mine.entries()) answers[index] = end.answers[place];
      return answers;
    }
    if (end.kind === 'failed') throw new Error(`scoring failed: ${end.message}`);
    void thread.end();
    const at = end.kind === 'stuck' ? { ...end.at, question: mine[end.at.question] ?? -1 } : undefined;
    if (at && !stuck.some((known) => samePiece(known, at))) {
      noteStuck(scoring, questions[at.question], at);
      stuck.push(at);
    } else if (end.kind !== 'lost' || lost++ === LOST_MAX) {
      throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the scoring thread does not answer');
    }
  }
}

function samePiece(a: Stuck, b: Stuck): boolean {
  return a.question === b.question && a.line === b.line && a.piece === b.piece;
}

/** What a rehearsal brings along says nothing of the tenant's own code. */
function noteStuck({ name, history, rules, logger }: Scoring, question: Question | undefined, at: Stuck): void {
  if (!question) return;
  const { tenant } = question;
  const line = question.lines[at.line] as { readonly connector?: unknown; readonly tool?: unknown } | null | undefined;
  const subject = rules.book.tenants.get(tenant)?.subjects[at.piece - 1] ?? `${line?.connector}:${line?.tool}`;
  // What is put aside is asked again there, and counted then.
  if (!isRehearsal(question)) history.note(tenant, name === 'main' ? EVERYTHING : subject, performance.now());
  logger.error(
    { tenant, subject, line: at.line },
    name === 'main' ? 'user code did not answer: put aside' : 'user code did not answer: line blocked',
  );
}

function silentOf(
  history: StuckHistory,
  questions: readonly Question[],
  now: number,
): Record<string, readonly string[]> {
  const silent: Record<string, readonly string[]> = {};
  for (const { tenant } of questions) {
    if (Object.hasOwn(silent, tenant)) continue;
    const subjects = history.silentOf(tenant, now);
    if (subjects.length > 0) silent[tenant] = subjects;
  }
  return silent;
}

function isRehearsal({ policies, tools }: Question): boolean {
  return policies !== undefined || tools !== undefined;
}
