import type { Nats } from '@holdpoint/shared/runtime/nats';
import { expect } from 'vitest';
import type { Row } from './fixtures.ts';

/** Waits for what was told of an action on a subject: its items, in order of telling. */
export async function subjectMessages(nats: Nats, subject: string, action: string): Promise<Row[]> {
  let found: Row[] = [];
  await expect
    .poll(
      async () => {
        found = await itemsOf(nats, subject, action);
        return found.length;
      },
      { timeout: 10_000, interval: 50 },
    )
    .toBeGreaterThan(0);
  return found;
}

async function itemsOf(nats: Nats, subject: string, action: string): Promise<Row[]> {
  const consumer = await nats.js.consumers.get('OUTCOMES', { filter_subjects: subject });
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) return [];
  const items: Row[] = [];
  for await (const message of await consumer.fetch({ max_messages: pending, expires: 1_000 })) {
    items.push(...message.json<{ items: Row[] }>().items.filter((item) => item.action_id === action));
  }
  return items;
}
