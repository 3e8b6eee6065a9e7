import type { Outcome as HookOutcome } from '@holdpoint/hooks/protocol';
import type { AfterHook } from '@holdpoint/hooks/run-after-hooks';
import { isForAction } from '@holdpoint/policy/compile/action-hook-match';
import { outcomesFactSchema } from '@holdpoint/shared/messages/facts';
import { parseOutcomeSubject } from '@holdpoint/shared/messages/subjects';
import type { ActionOutcome } from '@holdpoint/shared/workspace/action-hook';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import type { JsMsg } from '@nats-io/jetstream';

type RunOne = (outcome: ActionOutcome, attempt: number) => Promise<HookOutcome>;

/** Outcomes of one message that are run for at once. */
const AT_ONCE_MAX = 16;
/** Messages of which it is remembered what was done: as many as the durable lets wait for their acknowledgement. */
const REMEMBERED_MAX = 256;
/** Failures that a message's reason tells of. */
const TOLD_MAX = 3;

/**
 * A message tells the outcomes of several actions. It is done when the hook has returned for each that is the hook's; what was
 * done already is not done again while the message comes again to this instance.
 */
export function runForOutcomes(
  hook: Pick<ActionHook, 'id' | 'connector' | 'tools' | 'operator'>,
  runOne: RunOne,
): AfterHook['run'] {
  const doneOf = new Map<number, Set<string>>();
  return async (message, attempt) => {
    const outcomes = readOutcomes(message);
    if (!outcomes) return { kind: 'failed', hook: hook.id, reason: 'the outcomes cannot be read' };
    const mine = outcomes.filter((outcome) => isForAction(hook, outcome));
    if (mine.length === 0) return undefined;
    const done = doneOf.get(message.seq) ?? new Set<string>();
    const left = mine.filter(({ action_id }) => !done.has(action_id));
    const failures: Failure[] = [];
    await sideBySide(left, async (outcome) => {
      const ended = await runOne(outcome, attempt);
      if (ended.kind === 'failed') failures.push({ action: outcome.action_id, ...ended });
      else done.add(outcome.action_id);
    });
    doneOf.delete(message.seq);
    if (failures.length === 0) return { kind: 'pass', annotations: {} };
    remember(doneOf, message.seq, done);
    return { kind: 'failed', hook: hook.id, reason: inWords(failures), unasked: failures.every((one) => one.unasked) };
  };
}

type Failure = Extract<HookOutcome, { kind: 'failed' }> & { readonly action: string };

/** The tenant and operator are the subject's; a body that says otherwise tells nothing. */
function readOutcomes({ subject, data }: Pick<JsMsg, 'subject' | 'data'>): ActionOutcome[] | undefined {
  try {
    const { tenant, operator, items } = outcomesFactSchema.parse(JSON.parse(new TextDecoder().decode(data)));
    const own = parseOutcomeSubject(subject);
    if (tenant !== own.tenant || operator !== own.operator) return undefined;
    return items.map((item) => ({ ...item, tenant, operator }) as ActionOutcome);
  } catch {
    return undefined;
  }
}

async function sideBySide<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const inTurn = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await run(one);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, all.length) }, inTurn));
}

function remember(doneOf: Map<number, Set<string>>, seq: number, done: Set<string>): void {
  const [oldest] = doneOf.keys();
  if (doneOf.size >= REMEMBERED_MAX && oldest !== undefined) doneOf.delete(oldest);
  doneOf.set(seq, done);
}

function inWords(failures: readonly Failure[]): string {
  const told = failures.slice(0, TOLD_MAX).map(({ action, reason }) => `${action}: ${reason}`);
  const more = failures.length - told.length;
  return more > 0 ? `${told.join('; ')}; and ${more} more` : told.join('; ');
}
