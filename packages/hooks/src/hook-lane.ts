import { EntityError } from '@holdpoint/shared/db/entities/entity-error';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { createStandWatch, type ThreadLook } from '@holdpoint/shared/runtime/thread-marks';
import type { HookThreadOptions } from './hook-thread.ts';
import { type Ask, type Ending, type Entry, hooksLeft, stuck, toCall, unanswered } from './lane-entry.ts';
import type { Answer, EntityAnswer, EntityQuestion, Facts, HookSummary, Loaded, Outcome, Run } from './protocol.ts';
import { keepThread, type ThreadKeeper } from './thread-keeper.ts';

/** One tenant's hooks of one phase, in a thread of their own. */
export interface HookLane<H extends HookSummary = HookSummary, F extends Facts = Facts> {
  readonly loaded: Loaded<H>;
  /** Never rejects: whatever the hooks do, there is an outcome within the time. */
  ask(ask: Ask & { readonly facts: F }): Promise<Outcome>;
  stop(): Promise<unknown>;
}

export interface HookLaneOptions extends HookThreadOptions {
  readonly logger: Logger;
  /** Under which logs name the id of what hooks are asked about. */
  readonly idField: 'event_id' | 'action_id';
  onRun(run: Run): void;
}

/** In the thread at once; what comes beyond waits here, where it is safe from a thread that has to be ended. */
const IN_HAND_MAX = 64;
const WAITING_MAX = 1_000;
const HELD_MAX_BYTES = 32 * 1024 * 1024;
/** What was in hand when so many threads ended, without being to blame, is not asked again. */
const LOSSES_MAX = 2;
const QUESTIONS_MAX = 100;
const LOOK_EVERY_MS = 25;
/** Beyond a hook's own time, in which its thread would have said so itself. */
const STILL_SLACK_MS = 100;

interface Lane {
  readonly options: HookLaneOptions;
  readonly keeper: ThreadKeeper;
  waiting: Entry[];
  readonly inHand: Map<number, Entry>;
  /** Of all that waits or is in hand. */
  bytes: number;
  nextId: number;
  pumping: boolean;
  guarding: NodeJS.Timeout | undefined;
  stopped: boolean;
}

/** Starts the thread. @throws WorkspaceError that names the file */
export async function startHookLane<H extends HookSummary, F extends Facts>(
  options: HookLaneOptions,
): Promise<HookLane<H, F>> {
  const { tenant, phase, logger, idField } = options;
  const where = { tenant, phase };
  const keeper = await keepThread(options, {
    onAnswers: (answers) => take(lane, answers),
    onLog: ({ level, hook, about, message, fields }) =>
      logger[level]({ ...where, hook, [idField]: about, fields }, message),
    onEntity: (question) => answerEntity(lane, question),
    onStray: (reason) => logger.error({ ...where, reason }, 'a hook failed after it had answered'),
    onExit: () => lose(lane, 'a hook ended its thread'),
  });
  const lane: Lane = {
    options,
    keeper,
    waiting: [],
    inHand: new Map(),
    bytes: 0,
    nextId: 1,
    pumping: false,
    guarding: undefined,
    stopped: false,
  };
  return {
    loaded: keeper.loaded as Loaded<H>,
    ask: (asked) => new Promise((resolve) => enter(lane, asked, resolve)),
    stop: () => stop(lane),
  };
}

function enter(lane: Lane, asked: Ask, resolve: Entry['resolve']): void {
  const entry: Entry = {
    ...asked,
    id: lane.nextId,
    askedAt: performance.now(),
    passedOver: new Set(),
    questions: 0,
    losses: 0,
    alone: false,
    resolve,
  };
  // Within the marks' 32 bits; nothing that was asked so long ago still waits.
  lane.nextId = (lane.nextId % 0x7fff_ffff) + 1;
  lane.bytes += entry.body?.length ?? 0;
  const refused = refusalOf(lane);
  if (refused) {
    giveUp(lane, entry, refused);
  } else {
    lane.waiting.push(entry);
    guard(lane);
    pumpSoon(lane);
  }
}

function refusalOf({ stopped, waiting, bytes }: Lane): string | undefined {
  if (stopped) return 'the service ends';
  return waiting.length >= WAITING_MAX || bytes > HELD_MAX_BYTES ? 'too much waits for hooks' : undefined;
}

/** Once a turn of the loop, so that what comes together crosses together. */
function pumpSoon(lane: Lane): void {
  if (lane.pumping) return;
  lane.pumping = true;
  setImmediate(() => {
    lane.pumping = false;
    if (!lane.stopped) pump(lane);
  });
}

function pump(lane: Lane): void {
  const { keeper, inHand } = lane;
  const thread = keeper.current();
  if (thread) {
    const next = lane.waiting.splice(0, nextCount(lane));
    for (const entry of next) inHand.set(entry.id, entry);
    if (next.length > 0) thread.post(next.map(toCall));
  } else if (lane.waiting.length > 0) {
    void keeper.replace().then((fresh) => {
      if (fresh) return pumpSoon(lane);
      for (const entry of lane.waiting.splice(0)) giveUp(lane, entry, 'its hooks do not load');
    });
  }
}

/** How many of those that wait may go now. */
function nextCount({ waiting, inHand }: Lane): number {
  const [held] = inHand.values();
  if (held?.alone) return 0;
  const alone = waiting.findIndex((entry) => entry.alone);
  if (alone === 0) return inHand.size === 0 ? 1 : 0;
  const room = IN_HAND_MAX - inHand.size;
  return alone < 0 ? room : Math.min(alone, room);
}

function take(lane: Lane, answers: readonly Answer[]): void {
  for (const { id, ...ending } of answers) {
    const entry = lane.inHand.get(id);
    lane.inHand.delete(id);
    // It may have been given up meanwhile.
    if (entry) settle(lane, entry, ending);
  }
  pumpSoon(lane);
}

/** What a hook asks of its tenant's entities, while its call runs. */
async function answerEntity(lane: Lane, question: EntityQuestion): Promise<EntityAnswer> {
  const { id, call, connector, entity } = question;
  const { tenant, phase, entities, logger } = lane.options;
  const entry = lane.inHand.get(call);
  if (!entry || !entities || phase !== 'after') return { id, refused: 'the call has ended' };
  entry.questions += 1;
  if (entry.questions > QUESTIONS_MAX) return { id, refused: `a call asks ${QUESTIONS_MAX} times, and no more` };
  try {
    return { id, json: await entities.answer(tenant, question) };
  } catch (err) {
    if (err instanceof EntityError) return { id, refused: err.message };
    logger.warn({ tenant, phase, connector, entity, err }, 'entities were not to be had for a hook');
    return { id, refused: 'the entities are not to be had now' };
  }
}

function settle(lane: Lane, entry: Entry, { runs, outcome }: Ending): void {
  for (const run of runs) report(lane, entry, run);
  lane.bytes -= entry.body?.length ?? 0;
  entry.resolve(outcome);
}

function report({ options: { tenant, phase, logger, idField, onRun } }: Lane, { facts }: Entry, run: Run): void {
  onRun(run);
  if (run.reason === undefined) return;
  const { hook, result, reason } = run;
  logger.warn({ tenant, phase, hook, [idField]: facts.id, result, reason }, 'a hook failed');
}

/** For no fault of its hooks, as far as one can tell. */
function giveUp(lane: Lane, entry: Entry, reason: string): void {
  settle(lane, entry, unanswered(entry, lane.options.phase, reason, true));
}

/**
 * The thread is gone, or has to go. The call whose hook is to blame has its outcome, or is asked again without that hook;
 * what was in hand beside it is asked again. Where nobody can be told to blame, each is asked again by itself.
 */
function lose(lane: Lane, reason: string): void {
  const { keeper, inHand, options } = lane;
  const at = keeper.current()?.look().at;
  keeper.drop();
  const entries = [...inHand.values()];
  inHand.clear();
  options.logger.error(
    { tenant: options.tenant, phase: options.phase, reason, in_hand: entries.length },
    'the thread of hooks is replaced',
  );
  const again = entries.filter((entry) => {
    const blamed = at?.group === entry.id ? hooksLeft(entry)[at.item] : undefined;
    const left = blamed
      ? stuck(entry, options.phase, blamed, reason)
      : leftBehind(lane, entry, { at, of: entries.length, reason });
    if (left === undefined) return true;
    if ('outcome' in left) settle(lane, entry, left);
    else report(lane, entry, left);
    return !('outcome' in left);
  });
  lane.waiting = [...again, ...lane.waiting];
  pumpSoon(lane);
}

/** Undefined where it is to be asked again. */
function leftBehind(
  { options: { phase } }: Lane,
  entry: Entry,
  { at, of, reason }: { readonly at: ThreadLook['at']; readonly of: number; readonly reason: string },
): Ending | undefined {
  if (at) {
    entry.losses += 1;
    return entry.losses < LOSSES_MAX ? undefined : unanswered(entry, phase, reason, true);
  }
  entry.alone = true;
  return of > 1 ? undefined : unanswered(entry, phase, reason, false);
}

/** Watches for as long as anything is asked: that the thread moves, and that nobody waits too long. */
function guard(lane: Lane): void {
  if (lane.guarding) return;
  const stoodMs = createStandWatch(() => performance.now());
  lane.guarding = setInterval(() => {
    giveUpLate(lane);
    const seen = lane.inHand.size > 0 ? lane.keeper.current()?.look() : undefined;
    const stood = stoodMs(seen);
    if (seen && stood > longestMs(lane, seen) + STILL_SLACK_MS) lose(lane, 'a hook did not give way');
    if (lane.inHand.size > 0 || lane.waiting.length > 0) return;
    clearInterval(lane.guarding);
    lane.guarding = undefined;
  }, LOOK_EVERY_MS);
}

function giveUpLate(lane: Lane): void {
  const now = performance.now();
  const late = [...lane.inHand.values(), ...lane.waiting].filter((entry) => now - entry.askedAt > entry.answerMaxMs);
  if (late.length === 0) return;
  lane.waiting = lane.waiting.filter((entry) => !late.includes(entry));
  for (const entry of late) {
    lane.inHand.delete(entry.id);
    giveUp(lane, entry, `no answer within ${entry.answerMaxMs} ms`);
  }
}

/** The time of the hook that runs; where that cannot be told, the longest of those in hand. */
function longestMs({ inHand, options: { phase } }: Lane, { at }: ThreadLook): number {
  const timeOf = (hook: HookSummary) => (phase === 'before' ? (hook.timeoutMs ?? 0) : hook.afterTimeoutMs);
  const running = at && inHand.get(at.group);
  const blamed = running && hooksLeft(running)[at.item];
  if (blamed) return timeOf(blamed);
  return Math.max(...[...inHand.values()].flatMap(({ hooks }) => hooks.map(timeOf)));
}

async function stop(lane: Lane): Promise<void> {
  lane.stopped = true;
  for (const entry of [...lane.inHand.values(), ...lane.waiting]) giveUp(lane, entry, 'the service ends');
  lane.inHand.clear();
  lane.waiting = [];
  clearInterval(lane.guarding);
  await lane.keeper.stop();
}
