import { parentPort, workerData } from 'node:worker_threads';
import { frozenCopy } from '@holdpoint/policy/frozen';
import { describeError } from '@holdpoint/policy/printable';
import { markBeat, markPlace, markStep, type ThreadMarks } from '@holdpoint/shared/runtime/thread-marks';
import { hooksFile, readTenantHooks, type WebhookHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { hashFiles } from '@holdpoint/shared/workspace/version';
import type { AcceptedEvent } from '@holdpoint/shared/workspace/webhook-hook';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import { hookLog } from './hook-log.ts';
import {
  type Answer,
  BEAT_EVERY_MS,
  type Call,
  type FromThread,
  type HookSummary,
  type Phase,
  type ToThread,
} from './protocol.ts';
import { type Ran, type Running, runAfter, runBefore } from './run-hooks.ts';

/** The thread in which one tenant's hooks run, of one phase. */
const { workspaceDir, tenant, phase, marks } = workerData as {
  readonly workspaceDir: string;
  readonly tenant: string;
  readonly phase: Phase;
  readonly marks: ThreadMarks;
};
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread) => port.postMessage(message);

const hooks = new Map<string, WebhookHook>();
try {
  const version = await hashFiles(workspaceDir, [hooksFile(tenant)]);
  for (const hook of (await readTenantHooks(workspaceDir, tenant))?.webhooks ?? []) hooks.set(hook.id, hook);
  say({ kind: 'ready', version, hooks: [...hooks.values()].map(summarise) });
} catch (error) {
  const issues = error instanceof WorkspaceError ? error.issues : [];
  say({ kind: 'broken', issues, message: describeError(error) });
}

// A timer or a promise that a hook left behind. Its call has been answered; the thread goes on.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => say({ kind: 'stray', message: describeError(error) }));
}

let inHand = 0;
let beat: NodeJS.Timeout | undefined;
let answers: Answer[] = [];

port.on('message', (calls: ToThread) => {
  inHand += calls.length;
  beat ??= setInterval(() => markBeat(marks), BEAT_EVERY_MS);
  for (const call of calls) void answer(call);
});

async function answer(call: Call): Promise<void> {
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
}

/** What was answered in one turn of the loop goes together. */
function tell(): void {
  const told = answers;
  answers = [];
  say({ kind: 'answers', answers: told });
}

function run(call: Call): Promise<Ran> {
  const asked = call.hooks.map((id) => hooks.get(id) as WebhookHook);
  const event = Object.freeze({ ...frozenCopy(call.event), data: dataOf(call.body) }) as AcceptedEvent;
  const running: Running = {
    watch: (index) => (piece) => {
      markPlace(marks, call.id, index);
      markStep(marks);
      try {
        return piece();
      } finally {
        markStep(marks);
      }
    },
    log: (hook) => hookLog(hook, event.id, (line) => say({ kind: 'log', ...line })),
  };
  return phase === 'before'
    ? runBefore(asked, event, running)
    : runAfter(asked[0] as WebhookHook, event, call.attempt, running);
}

/** What no author's function could be given safely is given to none: no JSON, or JSON that nests too deep to be frozen. */
function dataOf(body: Uint8Array | null): unknown {
  if (body === null) return null;
  try {
    return frozenCopy(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return null;
  }
}

function summarise({ before, after, ...hook }: WebhookHook): HookSummary {
  return { ...hook, before: before !== undefined, after: after !== undefined };
}
