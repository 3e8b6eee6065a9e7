import { sha256 } from '@holdpoint/shared/domain/digest';
import type { OutcomeName } from '@holdpoint/shared/domain/outcome';
import type { StreamName } from '@holdpoint/shared/messages/streams';
import { parseEventSubject } from '@holdpoint/shared/messages/subjects';
import type { Nats } from '@holdpoint/shared/runtime/nats';
import type { StoredEvent, ToldOutcome } from './core/history.ts';

const BATCH_MAX = 2_000;

export interface Streams {
  readonly events: StoredEvent[];
  readonly outcomes: ToldOutcome[];
  readonly deadPlans: string[];
}

export async function readStreams(nats: Nats): Promise<Streams> {
  const events = await readStream(nats, 'EVENTS', ({ subject, data }) => [
    { eventId: String(parseEventSubject(subject).eventId), bodyDigest: sha256(data) },
  ]);
  const outcomes = await readStream(nats, 'OUTCOMES', ({ data }) => {
    const fact = parse(data) as { id: string; items: { action_id: string; outcome: OutcomeName }[] };
    return fact.items.map(({ action_id: action, outcome }) => ({ id: fact.id, action, outcome }));
  });
  const deadPlans = await readStream(nats, 'DEAD', ({ subject, data }) =>
    subject.includes('PLANS') ? [String((parse(data) as { plan_id?: unknown }).plan_id)] : [],
  );
  return { events, outcomes, deadPlans };
}

const parse = (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data));

/** Every message that a stream holds. */
export async function readStream<T>(
  { js, jsm }: Nats,
  stream: StreamName,
  read: (message: { readonly subject: string; readonly data: Uint8Array; readonly headers?: unknown }) => readonly T[],
): Promise<T[]> {
  const { state } = await jsm.streams.info(stream);
  const found: T[] = [];
  if (state.messages === 0) return found;
  const consumer = await js.consumers.get(stream);
  for (let left = state.messages; left > 0; ) {
    const before = left;
    const batch = await consumer.fetch({ max_messages: Math.min(left, BATCH_MAX), expires: 5_000 });
    for await (const message of batch) {
      found.push(...read(message));
      left -= 1;
    }
    if (left === before && (await jsm.streams.info(stream)).state.first_seq > state.first_seq) {
      // What is missing became too old meanwhile.
      return found;
    }
    if (left === before) throw new Error(`${stream}: ${left} of ${state.messages} messages could not be read`);
  }
  return found;
}
