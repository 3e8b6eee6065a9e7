import { AckPolicy, DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';

export interface NewestFirst {
  readonly subject: string;
  /** Milliseconds since the epoch, by the time of storing. */
  readonly since: number | undefined;
  readonly limit: number;
  /** Only messages with a lower sequence. */
  readonly before: number | undefined;
}

export interface NewestFirstPage {
  readonly messages: readonly JsMsg[];
  /** The sequence to go on before; undefined where nothing older matches. */
  readonly next: number | undefined;
}

/** The server forgets a consumer by then if we die before deleting it. */
const INACTIVE_NS = 10_000_000_000;
const FETCH_MAX_MESSAGES = 256;
const FETCH_MAX_MS = 2_000;
const STRIDE_GROWTH = 8;
/** A stretch with more pages than this is not read but halved. */
const STRETCH_MAX_PAGES = 4;

/**
 * A page of a stream, newest first. JetStream reads only forwards, so this goes back from the cursor in growing strides
 * and reads each stretch forwards, without the payloads. A new consumer says at once how many matches lie ahead of it, so
 * a stride that would catch far too many is halved before anything is read. Hence the work is bounded by a few pages and
 * the logarithm of the stream's length, however thin or dense the matches lie.
 */
export async function listNewestFirst(
  js: JetStreamClient,
  jsm: JetStreamManager,
  stream: string,
  query: NewestFirst,
): Promise<NewestFirstPage> {
  const { state } = await jsm.streams.info(stream);
  // A stream that never held anything says 0, where no consumer may begin.
  const oldest = Math.max(1, state.first_seq);
  const enough = query.limit + 1;
  const found: JsMsg[] = [];
  let high = Math.min(query.before ?? Number.POSITIVE_INFINITY, state.last_seq + 1);
  let stride = enough * 2;
  let pendingAtHigh: number | undefined;
  while (found.length < enough && high > oldest) {
    const low = Math.max(oldest, high - stride);
    const stretch = await readStretch(js, jsm, stream, query.subject, {
      low,
      high,
      pendingAtHigh,
      maxMessages: enough * STRETCH_MAX_PAGES,
    });
    if (stretch === 'too many') {
      stride = Math.max(enough * 2, Math.floor(stride / 2));
      continue;
    }
    const young = stretch.messages.filter((message) => message.time.getTime() >= (query.since ?? 0));
    found.push(...young.reverse());
    if (young.length < stretch.messages.length) break;
    pendingAtHigh = stretch.pendingAtLow;
    high = low;
    stride *= STRIDE_GROWTH;
  }
  const messages = found.slice(0, query.limit);
  return { messages, next: found.length > query.limit ? messages.at(-1)?.seq : undefined };
}

interface Stretch {
  readonly low: number;
  /** Exclusive. */
  readonly high: number;
  /** How many matches lay at or after `high` when that was looked at. */
  readonly pendingAtHigh: number | undefined;
  readonly maxMessages: number;
}

async function readStretch(
  js: JetStreamClient,
  jsm: JetStreamManager,
  stream: string,
  subject: string,
  { low, high, pendingAtHigh, maxMessages }: Stretch,
): Promise<{ messages: JsMsg[]; pendingAtLow: number } | 'too many'> {
  const info = await jsm.consumers.add(stream, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: low,
    ack_policy: AckPolicy.None,
    headers_only: true,
    mem_storage: true,
    inactive_threshold: INACTIVE_NS,
  });
  try {
    const pendingAtLow = info.num_pending;
    if (pendingAtHigh !== undefined && high - low > maxMessages && pendingAtLow - pendingAtHigh > maxMessages) {
      return 'too many';
    }
    const consumer = js.consumers.getConsumerFromInfo(info);
    const messages: JsMsg[] = [];
    let pending = pendingAtLow;
    while (pending > 0) {
      const before = messages.length;
      const batch = await consumer.fetch({
        max_messages: Math.min(pending, FETCH_MAX_MESSAGES),
        expires: FETCH_MAX_MS,
      });
      for await (const message of batch) {
        pending = message.seq >= high ? 0 : message.info.pending;
        if (message.seq < high) messages.push(message);
      }
      // What was counted has aged out of the stream since.
      if (messages.length === before) pending = 0;
    }
    return { messages, pendingAtLow };
  } finally {
    await jsm.consumers.delete(stream, info.name).catch(() => undefined);
  }
}
