import { CONSUMERS, DELIVERIES_MAX } from '@holdpoint/shared/messages/consumers';
import { parseEventSubject } from '@holdpoint/shared/messages/subjects';
import { deadLetter } from '@holdpoint/shared/runtime/dead-letter';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { type BatchConsumer, consumeBatches, ensureConsumer } from '@holdpoint/shared/runtime/nats';
import type { JsMsg } from '@nats-io/jetstream';
import type { IngestContext } from '../context.ts';
import { receivedReceipt } from '../core/received-receipt.ts';
import { insertReceipts } from '../store/insert-receipts.ts';

const AGAIN_MS = 1_000;

/**
 * Writes a receipt for every accepted webhook, behind the door: a webhook is accepted without Postgres, and its receipt follows
 * when Postgres is back. Acknowledged once committed, or once dead-lettered.
 */
export function recordReceived(context: IngestContext): BatchConsumer {
  const { nats, logger } = context;
  const { stream, config } = CONSUMERS.received;
  return consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: () => ensureConsumer(nats.jsm, CONSUMERS.received),
    async handle(messages) {
      try {
        await record(context, messages);
      } catch (error) {
        if (isDependencyLoss(error)) throw error;
        // Each alone, so that one that cannot be recorded keeps no other from it.
        for (const message of messages) await recordAlone(context, message);
      }
    },
  });
}

async function record({ db }: IngestContext, messages: readonly JsMsg[]): Promise<void> {
  const receipts = messages.map(({ subject, headers, time }) => receivedReceipt({ subject, headers, at: time }));
  await insertReceipts(db, receipts);
  for (const message of messages) message.ack();
}

/** What fails comes again, and not for ever. */
async function recordAlone(context: IngestContext, message: JsMsg): Promise<void> {
  try {
    await record(context, [message]);
  } catch (error) {
    if (isDependencyLoss(error)) throw error;
    if (message.info.deliveryCount < DELIVERIES_MAX) return message.nak(AGAIN_MS);
    await bury(context, message, `no receipt can be written of it: ${error instanceof Error ? error.message : error}`);
    message.ack();
  }
}

async function bury({ nats, logger }: IngestContext, message: JsMsg, reason: string): Promise<void> {
  logger.error({ subject: message.subject, reason }, 'an event is dead-lettered, for it has no receipt');
  const { stream, config } = CONSUMERS.received;
  const { tenant } = parseEventSubject(message.subject);
  await deadLetter(nats, message, { stream, tenant, by: config.durable_name, code: 'INTERNAL', reason });
}
