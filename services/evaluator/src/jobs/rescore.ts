import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { consumeBatches, ensureConsumer } from '@holdpoint/shared/runtime/nats';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import { isDeadlock, isUniqueViolation, withRetry } from '@holdpoint/shared/runtime/postgres';
import type { Context } from '../context.ts';
import { lineOf, rescore } from '../core/rescore.ts';
import { recordRescore } from '../core/rescore-record.ts';
import { applyRescores } from '../store/apply-rescores.ts';
import { findRescores, type Waiting } from '../store/find-rescores.ts';
import { readNow } from '../store/read-now.ts';

const BATCH_MAX_ACTIONS = 100;
/** A grant whose message was lost is found within this. */
const SWEEP_EVERY_MS = 2_000;

/** Scores again what waits for it: at once when a grant is heard, and by sweeping for those that were not. */
export function startRescore(context: Context): { stop(): Promise<void> } {
  const { nats, logger } = context;
  const poll: Poll = startPoll({
    name: 'rescore',
    everyMs: SWEEP_EVERY_MS,
    async run(signal) {
      while (!signal.aborted && (await rescoreBatch(context)) === BATCH_MAX_ACTIONS);
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

/** Returns how many were looked at. */
async function rescoreBatch(context: Context): Promise<number> {
  const waiting = await findRescores(context.db, BATCH_MAX_ACTIONS);
  if (waiting.length === 0) return 0;
  const now = (await readNow(context.db)).toISOString();
  const answers = await context.scorer.score(
    waiting.map(({ action, env }) => ({
      tenant: action.tenant,
      operator: action.operator,
      env,
      lines: [lineOf(action)],
      now,
    })),
  );
  const records = waiting.flatMap((one: Waiting, index) => {
    const answer = answers[index];
    const line = answer?.ok ? answer.lines[0] : undefined;
    return line ? [recordRescore(one, rescore(line, one.action.digest, one.consents), context.newId)] : [];
  });
  await withRetry(() => applyRescores(context.db, records), {
    retryOn: (error) => isDeadlock(error) || isUniqueViolation(error),
  });
  context.relay.nudge();
  return waiting.length;
}
