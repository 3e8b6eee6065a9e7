import type { JsMsg } from '@nats-io/jetstream';
import { type StretchOf, sequenceAt, withStretch } from './stretch.ts';

export interface OldestFirst {
  /** Milliseconds since the epoch, by the time of storing; `until` itself is left out. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  /** The sequence to begin at, of the page before. */
  readonly from: number | undefined;
}

export interface OldestFirstPage {
  readonly messages: readonly JsMsg[];
  /** The sequence to go on at; undefined where nothing newer matches now. */
  readonly next: number | undefined;
}

/** A page of a stream between two times, oldest first and without the payloads. */
export async function listOldestFirst(of: StretchOf, query: OldestFirst): Promise<OldestFirstPage> {
  const { jsm, stream } = of;
  const low = query.from ?? (await sequenceAt(jsm, stream, query.since));
  const high = await sequenceAt(jsm, stream, query.until);
  if (low >= high) return { messages: [], next: undefined };
  const found = await withStretch(of, low, ({ read }) => read(high, query.limit + 1));
  return { messages: found.slice(0, query.limit), next: found[query.limit]?.seq };
}
