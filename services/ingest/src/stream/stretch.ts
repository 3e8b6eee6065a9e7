import { AckPolicy, DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';

/** What of a stream is read, and how it is reached. */
export interface StretchOf {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly stream: string;
  readonly subject: string;
}

/** The matches from a sequence on, read forwards and without their payloads. */
export interface Stretch {
  /** How many matches lay at or after its beginning when it was opened. */
  readonly pending: number;
  /** The first `max` of those before the sequence `high`. Once. */
  read(high: number, max?: number): Promise<JsMsg[]>;
}

/** The server forgets a consumer by then if we die before deleting it. */
const INACTIVE_NS = 10_000_000_000;
const FETCH_MAX_MESSAGES = 256;
const FETCH_MAX_MS = 2_000;

/** A consumer for as long as `use` runs. It says at once how many matches lie ahead of it, before anything is read. */
export async function withStretch<T>(of: StretchOf, low: number, use: (stretch: Stretch) => Promise<T>): Promise<T> {
  const { js, jsm, stream, subject } = of;
  const info = await jsm.consumers.add(stream, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: low,
    ...EPHEMERAL,
  });
  const consumer = js.consumers.getConsumerFromInfo(info);
  const read = async (high: number, max = Number.POSITIVE_INFINITY): Promise<JsMsg[]> => {
    const messages: JsMsg[] = [];
    let pending = Math.min(info.num_pending, max);
    while (pending > 0) {
      const before = messages.length;
      const batch = await consumer.fetch({
        max_messages: Math.min(pending, FETCH_MAX_MESSAGES),
        expires: FETCH_MAX_MS,
      });
      for await (const message of batch) {
        if (message.seq < high) messages.push(message);
        pending = message.seq >= high ? 0 : Math.min(message.info.pending, max - messages.length);
      }
      // What was counted has aged out of the stream since.
      if (messages.length === before) pending = 0;
    }
    return messages;
  };
  try {
    return await use({ pending: info.num_pending, read });
  } finally {
    await jsm.consumers.delete(stream, info.name).catch(() => undefined);
  }
}

/** The first sequence stored at or after a time (milliseconds since the epoch); one past the last where there is none yet. */
export async function sequenceAt(jsm: JetStreamManager, stream: string, time: number): Promise<number> {
  const { state } = await jsm.streams.info(stream);
  // Times far away are nonsense to the server, which counts nanoseconds in 64 bits.
  if (state.messages === 0 || time > Date.parse(String(state.last_ts))) return state.last_seq + 1;
  if (time <= Date.parse(String(state.first_ts))) return state.first_seq;
  const info = await jsm.consumers.add(stream, {
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(time).toISOString(),
    ...EPHEMERAL,
  });
  await jsm.consumers.delete(stream, info.name).catch(() => undefined);
  return info.delivered.stream_seq + 1;
}

const EPHEMERAL = {
  ack_policy: AckPolicy.None,
  headers_only: true,
  mem_storage: true,
  inactive_threshold: INACTIVE_NS,
} as const;
