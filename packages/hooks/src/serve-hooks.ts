import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@holdpoint/policy/decide/printable';
import { markBeat, markPlace, markStep, type ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { hooksFile, readTenantHooks, type TenantHooks } from '@holdpoint/shared/workspace/tenant-hooks';
import { hashFiles } from '@holdpoint/shared/workspace/version';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { hookLog } from './hook-log.ts';
import {
  type Answer,
  BEAT_EVERY_MS,
  type Call,
  type Facts,
  type FromThread,
  type HookTerms,
  type Phase,
  type Summary,
  type ToThread,
} from './protocol.ts';
import type { Ran, Running } from './run-after.ts';
import { type ThreadEntities, threadEntities } from './thread-entities.ts';

/** What one kind of hook is, to the thread that runs it. */
export interface HookKind<H extends HookTerms, F extends Facts> {
  /** Those of a tenant's file. */
  listed(hooks: TenantHooks): readonly H[];
  /** Asks a call's hooks, in their order. */
  run(asked: readonly H[], call: Call<F>, phase: Phase, running: Running): Promise<Ran>;
}

export interface HookThreadData {
  readonly workspaceDir: string;
  readonly tenant: string;
  readonly phase: Phase;
  readonly marks: ThreadMarks;
  /** connector → the entities that `after` hooks may ask for. */
  readonly entities: Readonly<Record<string, readonly string[]>>;
}

type Given = { readonly before?: unknown; readonly after?: unknown };

/** In a worker thread: loads one tenant's hooks and runs those of one phase, as it is asked. */
export async function serveHooks<H extends HookTerms & Given, F extends Facts>(kind: HookKind<H, F>): Promise<void> {
  const { workspaceDir, tenant, phase, marks, entities } = workerData as HookThreadData;
  const port = parentPort;
  if (!port) throw new Error('hooks run in a worker thread');
  const say = (message: FromThread) => port.postMessage(message);
  const hooks = new Map<string, H>();
  try {
    const version = await hashFiles(workspaceDir, [hooksFile(tenant)]);
    const loaded = await readTenantHooks(workspaceDir, tenant);
    for (const hook of loaded ? kind.listed(loaded) : []) hooks.set(hook.id, hook);
    say({ kind: 'ready', version, hooks: [...hooks.values()].map(summarise) });
  } catch (error) {
    const issues = error instanceof WorkspaceError ? error.issues : [];
    say({ kind: 'broken', issues, message: describeError(error) });
  }
  // A timer or a promise that a hook left behind. Its call has been answered; the thread goes on.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => say({ kind: 'stray', message: describeError(error) }));
  }
  const known = threadEntities(entities, (question) => say({ kind: 'entity', ...question }));
  const answer = answerer(marks, say, async (call) => {
    const asked = call.hooks.map((id) => hooks.get(id) as H);
    return kind.run(asked, call as Call<F>, phase, running(call, marks, known, say));
  });
  port.on('message', (message: ToThread) => {
    if (message.kind === 'calls') answer(message.calls);
    else known.take(message);
  });
}

type Say = (message: FromThread) => void;

/** Answers calls side by side. What is answered in one turn of the loop goes together. */
function answerer(marks: ThreadMarks, say: Say, run: (call: Call) => Promise<Ran>): (calls: readonly Call[]) => void {
  let inHand = 0;
  let beat: NodeJS.Timeout | undefined;
  let answers: Answer[] = [];
  const tell = () => {
    const told = answers;
    answers = [];
    say({ kind: 'answers', answers: told });
  };
  const answer = async (call: Call) => {
    const ran = await run(call).catch(
      (error: unknown): Ran => ({
        runs: [],
        outcome: { kind: 'failed', hook: call.hooks[0] ?? '', reason: describeError(error) },
      }),
    );
    answers.push({ id: call.id, ...ran });
    if (answers.length === 1) setImmediate(tell);
    inHand -= 1;
    if (inHand > 0) return;
    clearInterval(beat);
    beat = undefined;
  };
  return (calls) => {
    inHand += calls.length;
    beat ??= setInterval(() => markBeat(marks), BEAT_EVERY_MS);
    for (const call of calls) void answer(call);
  };
}

function running(call: Call, marks: ThreadMarks, entities: ThreadEntities, say: Say): Running {
  return {
    db: entities.of(call.id),
    watch: (index) => (piece) => {
      markPlace(marks, call.id, index);
      markStep(marks);
      try {
        return piece();
      } finally {
        markStep(marks);
      }
    },
    log: (hook) => hookLog(hook, call.facts.id, (line) => say({ kind: 'log', ...line })),
  };
}

function summarise<H extends HookTerms & Given>({ before, after, ...hook }: H): Summary<HookTerms> {
  return { ...(hook as unknown as HookTerms), before: before !== undefined, after: after !== undefined };
}
