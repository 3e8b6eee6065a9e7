import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumerDeclaration } from '@holdpoint/shared/messages/consumers';
import { deadLetter } from '@holdpoint/shared/runtime/dead-letter';
import type { Logger } from '@holdpoint/shared/runtime/logger';
import { type BatchConsumer, consumeBatches, ensureConsumer, type Nats } from '@holdpoint/shared/runtime/nats';
import type { JsMsg } from '@nats-io/jetstream';
import type { HookSummary, Outcome } from './protocol.ts';
import { retryDelayMs } from './retry-delay.ts';

/** One `after` hook of a tenant, and the durable that it is run from. */
export interface AfterHook {
  readonly tenant: string;
  readonly hook: Pick<HookSummary, 'id' | 'retry'>;
  readonly consumer: ConsumerDeclaration;
  /** Undefined where the message is not for this hook. */
  run(message: JsMsg, attempt: number): Promise<Outcome | undefined>;
}

export interface AfterHookConsumers {
  stop(): Promise<void>;
}

interface AfterHooksOptions {
  readonly nats: Nats;
  readonly logger: Logger;
  readonly hooks: readonly AfterHook[];
  /** Messages run at once of one hook, in one instance. */
  readonly atOnceMax: number;
  /** Ends the threads that the hooks run in: what still runs comes again. */
  endThreads(): Promise<unknown>;
}

/** What runs longer when the service ends is ended with it, and comes again. */
const DRAIN_MAX_MS = 2_500;

/**
 * Runs every `after` hook over what its stream brings, each from a durable of its own that all instances share. Resolves when all
 * of these are there: what comes from then on is theirs, whoever brought it about.
 */
export async function runAfterHooks(options: AfterHooksOptions): Promise<AfterHookConsumers> {
  const { nats, hooks, endThreads } = options;
  await Promise.all(hooks.map(({ consumer }) => ensureConsumer(nats.jsm, { ...consumer, begin: 'new' })));
  const consumers = hooks.map((after) => consume(options, after));
  return {
    async stop() {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.race([stopped, delay(DRAIN_MAX_MS, undefined, { ref: false })]);
      await endThreads();
      await stopped;
    },
  };
}

function consume(options: AfterHooksOptions, after: AfterHook): BatchConsumer {
  const { nats, logger, atOnceMax } = options;
  return consumeBatches({
    js: nats.js,
    stream: after.consumer.stream,
    durable: after.consumer.config.durable_name,
    logger,
    // One that has gone meanwhile went with its stream: all that the stream holds now came since.
    ensure: () => ensureConsumer(nats.jsm, { ...after.consumer, begin: 'all' }),
    maxMessages: atOnceMax,
    async handle(messages) {
      const results = await Promise.allSettled(messages.map((message) => runOne(options, after, message)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  });
}

/** Acknowledged once the hook has returned, or once the message is dead-lettered; else it comes again after a pause. */
async function runOne(options: AfterHooksOptions, after: AfterHook, message: JsMsg): Promise<void> {
  const { hook } = after;
  const attempt = message.info.deliveryCount;
  const outcome = await after.run(message, attempt);
  if (outcome?.kind !== 'failed') return message.ack();
  if (outcome.unasked || attempt < hook.retry.attempts) return message.nak(retryDelayMs(hook.retry, attempt));
  await bury(options, after, message, `hook ${hook.id}, ${attempt} attempts: ${outcome.reason}`);
  message.ack();
}

async function bury(
  { nats, logger }: AfterHooksOptions,
  { tenant, hook, consumer }: AfterHook,
  message: JsMsg,
  reason: string,
): Promise<void> {
  const { stream, config } = consumer;
  logger.warn({ tenant, hook: hook.id, subject: message.subject, reason }, 'a message is dead-lettered for a hook');
  await deadLetter(nats, message, { stream, tenant, by: config.durable_name, code: 'INTERNAL', reason });
}
