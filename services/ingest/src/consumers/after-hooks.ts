import { setTimeout as delay } from 'node:timers/promises';
import { afterHookConsumer } from '@holdpoint/shared/messages/consumers';
import { readEventMessage } from '@holdpoint/shared/messages/event-message';
import { DEAD_HEADERS } from '@holdpoint/shared/messages/facts';
import { deadSubject } from '@holdpoint/shared/messages/subjects';
import { type BatchConsumer, consumeBatches, ensureConsumerFrom, publishAll } from '@holdpoint/shared/runtime/nats';
import type { JsMsg } from '@nats-io/jetstream';
import type { IngestContext } from '../context.ts';
import { isFor } from '../core/matching-hooks.ts';
import { retryDelayMs } from '../core/retry-delay.ts';
import type { EventFacts } from '../hooks/protocol.ts';
import type { AfterHook } from '../hooks/tenant-hooks.ts';

export interface AfterHookConsumers {
  stop(): Promise<void>;
}

/** Run at once of one hook, in one instance. */
const AT_ONCE_MAX = 32;
/** What runs longer when the service ends is ended with it, and comes again. */
const DRAIN_MAX_MS = 2_500;

/**
 * Runs every `after` hook over the accepted events, each from a durable of its own that all instances share. Resolves when all
 * of these are there: what is accepted from then on is theirs, whoever accepts it.
 */
export async function runAfterHooks(context: IngestContext): Promise<AfterHookConsumers> {
  const { hooks, nats } = context;
  await Promise.all(hooks.after.map((after) => ensureConsumerFrom(nats.jsm, consumerOf(after), 'new')));
  const consumers = hooks.after.map((after) => consume(context, after));
  return {
    async stop() {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.race([stopped, delay(DRAIN_MAX_MS, undefined, { ref: false })]);
      await hooks.stop();
      await stopped;
    },
  };
}

const consumerOf = ({ tenant, hook }: AfterHook) => afterHookConsumer(tenant, hook.id, hook.source);

function consume(context: IngestContext, after: AfterHook): BatchConsumer {
  const { nats, logger } = context;
  const declared = consumerOf(after);
  return consumeBatches({
    js: nats.js,
    stream: declared.stream,
    durable: declared.config.durable_name,
    logger,
    // One that has gone meanwhile went with its stream: all that the stream holds now was accepted since.
    ensure: () => ensureConsumerFrom(nats.jsm, declared, 'all'),
    maxMessages: AT_ONCE_MAX,
    async handle(messages) {
      const results = await Promise.allSettled(messages.map((message) => runOne(context, after, message)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  });
}

/** Acknowledged once the hook has returned, or once the event is dead-lettered; else it comes again after a pause. */
async function runOne(context: IngestContext, after: AfterHook, message: JsMsg): Promise<void> {
  const { hook } = after;
  const event = factsOf(message);
  if (!isFor(hook, event)) return message.ack();
  const attempt = message.info.deliveryCount;
  const outcome = await after.run(event, message.data, attempt);
  if (outcome.kind !== 'failed') return message.ack();
  if (outcome.unasked || attempt < hook.retry.attempts) return message.nak(retryDelayMs(hook.retry, attempt));
  await bury(context, after, message, `hook ${hook.id}, ${attempt} attempts: ${outcome.reason}`);
  message.ack();
}

async function bury({ nats, logger }: IngestContext, after: AfterHook, message: JsMsg, reason: string): Promise<void> {
  const { tenant, hook } = after;
  const { stream, config } = consumerOf(after);
  logger.warn({ tenant, hook: hook.id, subject: message.subject, reason }, 'an event is dead-lettered for a hook');
  await publishAll(nats.js, [
    {
      subject: deadSubject(stream, tenant),
      id: `${config.durable_name}:${message.info.timestampNanos}:${message.seq}`,
      headers: {
        [DEAD_HEADERS.code]: 'INTERNAL',
        [DEAD_HEADERS.reason]: headerText(reason),
        [DEAD_HEADERS.subject]: message.subject,
        [DEAD_HEADERS.sequence]: String(message.seq),
      },
      body: message.data,
    },
  ]);
}

function factsOf(message: JsMsg): EventFacts {
  // The payload is parsed where the hook runs.
  const { data: _, dataRef: __, ...event } = readEventMessage(message, 0);
  return {
    ...event,
    time: event.time ?? '',
    subject: event.subject ?? null,
    deliveryId: event.deliveryId ?? null,
    annotations: event.annotations ?? {},
  };
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 1024);
}
