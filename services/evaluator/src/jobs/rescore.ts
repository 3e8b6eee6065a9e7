import type { Question } from '@holdpoint/policy/score/score-question';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { consumeBatches, ensureConsumer } from '@holdpoint/shared/runtime/nats';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import { isDeadlock, isUniqueViolation, withRetry } from '@holdpoint/shared/runtime/postgres';
import type { Context } from '../context.ts';
import { precheck } from '../core/precheck.ts';
import { type Heard, lineOf, rescore } from '../core/rescore.ts';
import { vouched } from '../core/vouched.ts';
import type { Book } from '../scoring/rules.ts';
import type { LaneName } from '../scoring/scorer.ts';
import { applyRescores, type Rescoring } from '../store/apply-rescores.ts';
import { findRescores, type Waiting } from '../store/find-rescores.ts';
import { readNow } from '../store/read-now.ts';

const BATCH_MAX_ACTIONS = 100;
const FIRST = '00000000-0000-0000-0000-000000000000';
/** A grant whose message was lost is found within this. */
const SWEEP_EVERY_MS = 2_000;

/** Scores again what waits for it: at once when a grant is heard, and by sweeping for those that were not. */
export function startRescore(context: Context): { stop(): Promise<void> } {
  const { nats, logger } = context;
  const poll: Poll = startPoll({
    name: 'rescore',
    everyMs: SWEEP_EVERY_MS,
    async run(signal) {
      let after: string | undefined = FIRST;
      while (after !== undefined && !signal.aborted) after = await rescoreBatch(context, after);
    },
    onError: (err) => logger.error({ err }, 'rescore: a round failed'),
  });
  const { stream, config } = CONSUMERS.grants;
  const consumer = consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: () => ensureConsumer(nats.jsm, CONSUMERS.grants),
    // The message says where to look; the row decides. A lost ring is made good by the sweep, so it is acknowledged at once.
    async handle(messages) {
      poll.nudge();
      for (const message of messages) message.ack();
    },
  });
  return {
    async stop() {
      await Promise.all([consumer.stop(), poll.stop()]);
    },
  };
}

/** Scores one page beyond `after`. Returns its last id, or undefined where none can follow. */
async function rescoreBatch(context: Context, after: string): Promise<string | undefined> {
  const waiting = await findRescores(context.db, after, BATCH_MAX_ACTIONS);
  if (waiting.length === 0) return undefined;
  const left = await rescoreIn(context, 'main', waiting);
  if (left.length > 0) await rescoreIn(context, 'aside', left);
  return waiting.length < BATCH_MAX_ACTIONS ? undefined : waiting.at(-1)?.action.id;
}

/** Scores and records; returns those that are to be scored aside. */
async function rescoreIn(context: Context, lane: LaneName, waiting: readonly Waiting[]): Promise<Waiting[]> {
  const now = await readNow(context.db);
  const answers = await context.scorer.score(lane, (book) =>
    Promise.all(waiting.map((one) => questionOf(context, book, one, now))),
  );
  const rescorings = waiting.flatMap((one: Waiting, index) => {
    const answer = answers[index];
    const line = answer?.ok ? answer.lines[0] : undefined;
    if (line) context.hookNotes.take(one.action.tenant, [line]);
    return line ? [{ waiting: one, outcome: rescore(vouched(line, one.action.on_behalf_of), heardOf(one)) }] : [];
  });
  if (rescorings.length > 0) await applyAll(context, rescorings);
  context.relay.nudge();
  return waiting.filter((_, index) => answers[index] === undefined);
}

/** With the event and what was known of its entity as they were seen then, and the grants of now: an operator that lost a source decides nothing by it. */
async function questionOf({ salts }: Context, book: Book, { action, env }: Waiting, now: Date): Promise<Question> {
  const { tenant, operator, event_id } = action;
  const against = precheck({ event_id: event_id ?? undefined }, operator, book.tenants.get(tenant)?.sources, now);
  return {
    tenant,
    operator,
    env,
    salt: await salts.of(tenant),
    lines: [lineOf(action)],
    ...(action.entity && { entities: [{ ok: true, snapshot: action.entity }] }),
    now: now.toISOString(),
    ...(against && { blocked: against }),
  };
}

function heardOf({ action, consents, asked, denials, requester }: Waiting): Heard {
  return { digest: action.digest, consents, asked, denials, requester, onBehalfOf: action.on_behalf_of };
}

/** All at once; where that fails, one by one: what cannot be recorded must not keep the others waiting. */
async function applyAll(context: Context, rescorings: readonly Rescoring[]): Promise<void> {
  const apply = (some: readonly Rescoring[]) =>
    withRetry(() => applyRescores(context.db, some, context.newId), {
      retryOn: (error) => isDeadlock(error) || isUniqueViolation(error),
    });
  try {
    await apply(rescorings);
  } catch (error) {
    if (isDependencyLoss(error)) throw error;
    for (const rescoring of rescorings) {
      await apply([rescoring]).catch((err: unknown) => {
        if (isDependencyLoss(err)) throw err;
        context.logger.error(
          { err, action: rescoring.waiting.action.id },
          'rescore: an action waits, for it cannot be recorded',
        );
      });
    }
  }
}
