import type { Transaction } from 'kysely';
import type { Database } from './schema/index.ts';
import type { OutboxMessage } from './schema/outbox.ts';

/** Leaves facts to be published once this transaction is committed: one row, however many facts. */
export async function writeOutbox(tx: Transaction<Database>, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await tx
    .insertInto('outbox')
    .values({ messages: JSON.stringify(messages) })
    .execute();
}
