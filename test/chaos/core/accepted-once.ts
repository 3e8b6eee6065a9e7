import { counted, grouped } from './group.ts';
import type { History, Verdict } from './history.ts';

/** I1. What was answered is stored, once, and as it came. */
export function acceptedOnce({ webhooks, events }: Pick<History, 'webhooks' | 'events'>): Verdict {
  const stored = grouped(events, ({ eventId }) => eventId);
  const perBody = counted(events, ({ bodyDigest }) => bodyDigest);
  const answered = new Map(webhooks.map((webhook) => [`${webhook.eventId} ${webhook.bodyDigest}`, webhook]));
  const violations: string[] = [];
  for (const { eventId, bodyDigest } of answered.values()) {
    const [event, ...more] = stored.get(eventId) ?? [];
    if (event === undefined) violations.push(`event ${eventId} was answered and is not in EVENTS`);
    else if (event.bodyDigest !== bodyDigest) violations.push(`event ${eventId} holds other bytes than were delivered`);
    if (more.length > 0) violations.push(`event ${eventId} is in EVENTS ${more.length + 1} times`);
  }
  for (const [digest, count] of perBody) {
    if (count > 1) violations.push(`body ${digest} is in EVENTS ${count} times, under several ids`);
  }
  return { invariant: 'I1', checked: answered.size, excepted: 0, violations };
}
