import type { JsMsg } from '@nats-io/jetstream';
import { type StretchOf, sequenceAt, withStretch } from './stretch.ts';

export interface NewestFirst {
  /** Milliseconds since the epoch, by the time of storing; `until` itself is left out. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly limit: number;
  /** Only messages with a lower sequence. */
  readonly before: number | undefined;
}

export interface NewestFirstPage {
  readonly messages: readonly JsMsg[];
  /** The sequence to go on before; undefined where nothing older matches. */
  readonly next: number | undefined;
}

const STRIDE_GROWTH = 8;
/** A stretch with more pages than this is not read but halved. */
const STRETCH_MAX_PAGES = 4;

/**
 * A page of a stream, newest first. JetStream reads only forwards, so this goes back from the cursor in growing strides
 * and reads each stretch forwards, without the payloads. A stride that would catch far too many is halved before anything is
 * read. Hence the work is bounded by a few pages and the logarithm of the stream's length, however thin or dense the matches
 * lie; and a time is a sequence, which the server looks up.
 */
export async function listNewestFirst(of: StretchOf, query: NewestFirst): Promise<NewestFirstPage> {
  const { jsm, stream } = of;
  const { state } = await jsm.streams.info(stream);
  const sequenceOf = (time: number | undefined, otherwise: number) =>
    time === undefined ? otherwise : sequenceAt(jsm, stream, time);
  // A stream that never held anything says 0, where no consumer may begin.
  const oldest = Math.max(1, await sequenceOf(query.since, state.first_seq));
  const enough = query.limit + 1;
  const found: JsMsg[] = [];
  let high = Math.min(query.before ?? Number.POSITIVE_INFINITY, await sequenceOf(query.until, state.last_seq + 1));
  let stride = enough * 2;
  let pendingAtHigh = high > state.last_seq ? 0 : await withStretch(of, high, async ({ pending }) => pending);
  while (found.length < enough && high > oldest) {
    const low = Math.max(oldest, high - stride);
    const stretch = await readBackwards(of, { low, high, pendingAtHigh, maxMessages: enough * STRETCH_MAX_PAGES });
    if (stretch === 'too many') {
      stride = Math.max(enough * 2, Math.floor(stride / 2));
      continue;
    }
    found.push(...stretch.messages);
    pendingAtHigh = stretch.pendingAtLow;
    high = low;
    stride *= STRIDE_GROWTH;
  }
  const messages = found.slice(0, query.limit);
  return { messages, next: found.length > query.limit ? messages.at(-1)?.seq : undefined };
}

interface Bounds {
  readonly low: number;
  /** Exclusive. */
  readonly high: number;
  /** How many matches lay at or after `high` when that was looked at. */
  readonly pendingAtHigh: number;
  readonly maxMessages: number;
}

function readBackwards(
  of: StretchOf,
  { low, high, pendingAtHigh, maxMessages }: Bounds,
): Promise<{ messages: JsMsg[]; pendingAtLow: number } | 'too many'> {
  return withStretch(of, low, async ({ pending, read }) => {
    // More where new ones have come since, but no fewer: what ages out meanwhile is older than all that is left.
    const within = pending - pendingAtHigh;
    if (high - low > maxMessages && within > maxMessages) return 'too many';
    return { messages: (await read(high, within)).reverse(), pendingAtLow: pending };
  });
}
