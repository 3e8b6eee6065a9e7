import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { type BatchConsumer, consumeBatches, ensureConsumer } from '@holdpoint/shared/runtime/nats';
import type { IngestContext } from '../context.ts';
import { receivedReceipt } from '../core/received-receipt.ts';
import { insertReceipts } from '../store/insert-receipts.ts';

/**
 * Writes a receipt for every accepted webhook, behind the door: a webhook is accepted without Postgres, and its receipt follows
 * when Postgres is back. Acknowledged once committed.
 */
export function recordReceived({ nats, db, logger }: IngestContext): BatchConsumer {
  const { stream, config } = CONSUMERS.received;
  return consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: () => ensureConsumer(nats.jsm, CONSUMERS.received),
    async handle(messages) {
      const receipts = messages.map(({ subject, headers, time }) => receivedReceipt({ subject, headers, at: time }));
      await insertReceipts(db, receipts);
      for (const message of messages) message.ack();
    },
  });
}
